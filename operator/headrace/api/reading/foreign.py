"""
Fields that people know from other systems: what to write instead.

Knows the fields of other engines and of pods. Knows no type.
"""

WEAKER = "the restricted Pod Security level forbids it; remove it"
IN_TASK = (
    "the task itself has the settings of its pod: image, command, args, env, resources,"
    " volumes, volumeMounts and so on"
)
ONE_CONTAINER = "a task is one container; make another task for other work"
NOT_SHAPED = "it is not among what a task may shape of its pod; remove it"
NO_PROBE = "a task ends by itself and is not asked how it is; write timeouts.attemptSeconds"
OUTPUTS = "outputs go to the file that HEADRACE_OUTPUTS names; remove it"
GRACE = "write terminationGracePeriodSeconds"
CACHE = "write cache: {key: ..., maxAgeSeconds: ...}"

INSTEAD = {
    "activeDeadlineSeconds": "write timeouts.attemptSeconds",
    "after": "write dependsOn",
    "allowPrivilegeEscalation": WEAKER,
    "appArmorProfile": "it is always the runtime's default; remove it",
    "arguments": "write params for the workflow, args for a task",
    "automountServiceAccountToken": "write serviceAccountName: with it, its token is mounted",
    "backoffLimit": "write retry.limit",
    "cache": "only a task in spec.tasks can have one, and `finally` tasks always run; remove it",
    "cache_expiration": CACHE,
    "cache_key_fn": CACHE,
    "cache_policy": CACHE,
    "capabilities": WEAKER,
    "completions": "write forEach: a task runs its program once for each item",
    "concurrencyPolicy": "write concurrency.policy",
    "container": IN_TASK,
    "containers": IN_TASK,
    "cwd": "write workingDir",
    "dag": "write the tasks directly under spec.tasks, each with dependsOn",
    "dependencies": "write dependsOn",
    "depends": "write dependsOn",
    "depends_on": "write dependsOn",
    "dnsConfig": NOT_SHAPED,
    "dnsPolicy": NOT_SHAPED,
    "enableServiceLinks": NOT_SHAPED,
    "entrypoint": "write command",
    "ephemeralContainers": ONE_CONTAINER,
    "failedJobsHistoryLimit": "write history.failedRuns",
    "fsGroupChangePolicy": "it is always OnRootMismatch; remove it",
    "gracePeriod": GRACE,
    "hostAliases": NOT_SHAPED,
    "hostIPC": WEAKER,
    "hostNetwork": WEAKER,
    "hostPID": WEAKER,
    "hostPath": "the restricted Pod Security level forbids it;"
    " use persistentVolumeClaim for data that stays, emptyDir for scratch space",
    "hostUsers": NOT_SHAPED,
    "hostname": NOT_SHAPED,
    "initContainers": ONE_CONTAINER,
    "jobTemplate": IN_TASK,
    "lifecycle": "catch SIGTERM in the program; terminationGracePeriodSeconds gives it time",
    "livenessProbe": NO_PROBE,
    "manualSelector": NOT_SHAPED,
    "memoize": CACHE,
    "needs": "write dependsOn",
    "nodeName": "write nodeSelector",
    "onExit": "write finally",
    "parallelism": "write concurrency.maxRuns for runs, forEach.maxParallel for items",
    "parameters": "write params",
    "podFailurePolicy": "write retry.rules",
    "podSpecPatch": IN_TASK,
    "podTemplate": IN_TASK,
    "ports": NOT_SHAPED,
    "preemptionPolicy": "write priorityClassName: its class has the policy",
    "privileged": WEAKER,
    "procMount": WEAKER,
    "readinessProbe": NO_PROBE,
    "resourceClaims": NOT_SHAPED,
    "restartPolicy": "write retry: each attempt is a pod of its own",
    "retries": "write retry.limit",
    "retryStrategy": "write retry",
    "runAfter": "write dependsOn",
    "runAsNonRoot": "it is always true; remove it",
    "schedule": "write triggers: [{schedule: {cron: ...}}] under spec",
    "schedulerName": NOT_SHAPED,
    "schedules": "write triggers: [{schedule: {cron: ...}}] under spec",
    "script": "write command: [sh, -c, ...]",
    "seccompProfile": "it is always RuntimeDefault; remove it",
    "selector": NOT_SHAPED,
    "shareProcessNamespace": NOT_SHAPED,
    "sidecars": ONE_CONTAINER,
    "startupProbe": NO_PROBE,
    "stdin": NOT_SHAPED,
    "steps": "write tasks, each with dependsOn",
    "stopTimeout": GRACE,
    "stop_grace_period": GRACE,
    "subdomain": NOT_SHAPED,
    "successfulJobsHistoryLimit": "write history.successfulRuns",
    "template": IN_TASK,
    "templates": "write the tasks directly under spec.tasks",
    "terminationMessagePath": OUTPUTS,
    "terminationMessagePolicy": OUTPUTS,
    "timeout": "write timeouts.attemptSeconds",
    "timeoutSeconds": "write timeouts.attemptSeconds",
    "topologySpreadConstraints": "write affinity.podAntiAffinity",
    "trigger_rule": "write runWhen",
    "tty": NOT_SHAPED,
    "upstream": "write dependsOn",
    "volumeDevices": NOT_SHAPED,
    "withItems": "write forEach: {items: [...]}",
    "withParam": "write forEach: {from: ...}",
    "withSequence": "write forEach: {range: {from: 1, to: 9}}",
}
"""By field: the text after `there is no such field;`."""

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
LATER = "this version does not have it; remove it"

INSTEAD = {
    "activeDeadlineSeconds": "write timeouts.attemptSeconds",
    "after": "write dependsOn",
    "allowPrivilegeEscalation": WEAKER,
    "approval": LATER,
    "arguments": "write params for the workflow, args for a task",
    "backoffLimit": "write retry.limit",
    "capabilities": WEAKER,
    "concurrencyPolicy": "write concurrency.policy",
    "container": IN_TASK,
    "containers": IN_TASK,
    "dag": "write the tasks directly under spec.tasks, each with dependsOn",
    "dependencies": "write dependsOn",
    "depends": "write dependsOn",
    "depends_on": "write dependsOn",
    "failedJobsHistoryLimit": "write history.failedRuns",
    "forEach": LATER,
    "hostIPC": WEAKER,
    "hostNetwork": WEAKER,
    "hostPID": WEAKER,
    "hostPath": "the restricted Pod Security level forbids it;"
    " use persistentVolumeClaim for data that stays, emptyDir for scratch space",
    "initContainers": ONE_CONTAINER,
    "jobTemplate": IN_TASK,
    "needs": "write dependsOn",
    "onExit": "write finally",
    "parallelism": "write concurrency.maxRuns for runs; tasks run as soon as they can",
    "parameters": "write params",
    "podSpecPatch": IN_TASK,
    "podTemplate": IN_TASK,
    "privileged": WEAKER,
    "procMount": WEAKER,
    "restartPolicy": "write retry: each attempt is a pod of its own",
    "retries": "write retry.limit",
    "retryStrategy": "write retry",
    "runAfter": "write dependsOn",
    "runAsNonRoot": "it is always true; remove it",
    "schedule": "write triggers: [{schedule: {cron: ...}}] under spec",
    "schedules": "write triggers: [{schedule: {cron: ...}}] under spec",
    "script": "write command: [sh, -c, ...]",
    "seccompProfile": "it is always RuntimeDefault; remove it",
    "sidecars": ONE_CONTAINER,
    "steps": "write tasks, each with dependsOn",
    "successfulJobsHistoryLimit": "write history.successfulRuns",
    "template": IN_TASK,
    "templates": "write the tasks directly under spec.tasks",
    "timeout": "write timeouts.attemptSeconds",
    "timeoutSeconds": "write timeouts.attemptSeconds",
    "trigger_rule": "write runWhen",
    "upstream": "write dependsOn",
    "uses": LATER,
    "when": "this version does not have it; runWhen starts a task by the outcomes of others",
    "with": LATER,
    "withItems": LATER,
}
"""By field: the text after `there is no such field;`."""

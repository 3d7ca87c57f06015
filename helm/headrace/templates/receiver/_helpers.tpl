{{/* The receiver of deliveries to webhooks: off by default, with an account of its own. */}}
{{- define "headrace.receiver.name" -}}
{{- include "headrace.fullname" . }}-receiver
{{- end -}}

{{- define "headrace.receiver.labels" -}}
app.kubernetes.io/name: {{ include "headrace.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: receiver
{{- end -}}

{{- define "headrace.receiver.account" -}}
{{- with .Values.receiver.serviceAccount -}}
{{- if .create -}}
{{- .name | default (include "headrace.receiver.name" $) -}}
{{- else -}}
{{- required "receiver.serviceAccount.name: name the ServiceAccount to use, for receiver.serviceAccount.create is false" .name -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
`metadata` of an object of the receiver. Takes what `headrace.metadata` takes; the name is the
receiver's, and the namespace the release's, if they are left out.
*/}}
{{- define "headrace.receiver.metadata" -}}
{{- $own := dict "name" (include "headrace.receiver.name" .root) "namespace" .root.Release.Namespace "identity" "headrace.receiver.labels" -}}
{{- include "headrace.metadata" (merge (dict) . $own) -}}
{{- end -}}

{{- define "headrace.receiver.args" -}}
{{- if not .Values.receiver.namespaces -}}
{{- fail "receiver.namespaces: say whose workflows take deliveries, and which Secrets the receiver may read there, e.g. [{namespace: ingest, secrets: [github-webhook]}]" -}}
{{- end -}}
{{- range .Values.receiver.namespaces }}
- --namespace={{ .namespace }}
{{- end }}
- --port=8080
- --probe-port=8081
- --log-format={{ .Values.controller.logFormat }}
- --log-level={{ .Values.controller.logLevel }}
{{- end -}}

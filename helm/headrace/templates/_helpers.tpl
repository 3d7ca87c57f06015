{{- define "headrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/*
Names what is in a namespace. At most 40 characters: suffixes must fit behind it. A Service bears it
too, and its name is a DNS label that starts with a letter (RFC 1035); that of a release need not be.
*/}}
{{- define "headrace.fullname" -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
{{- $name = .Release.Name -}}
{{- if not (contains (include "headrace.name" .) $name) -}}
{{- $name = printf "%s-%s" $name (include "headrace.name" .) -}}
{{- end -}}
{{- end -}}
{{- if regexMatch "^[0-9]" $name -}}
{{- fail (printf "release name: %s starts with a digit, and the name of a Service may not; choose another one, or set fullnameOverride" .Release.Name) -}}
{{- end -}}
{{- $name | replace "." "-" | trunc 40 | regexFind "^.*[^-]" -}}
{{- end -}}

{{/*
Names what is in no namespace. A controller for the whole cluster always gives the same names: a
second one, which would do all work twice, is refused by helm. Those for listed namespaces may be many.
*/}}
{{- define "headrace.clusterName" -}}
{{- if .Values.watchNamespaces -}}
{{- printf "%s-%s" .Release.Namespace (include "headrace.fullname" .) -}}
{{- else -}}
headrace
{{- end -}}
{{- end -}}

{{/* One mapping of a list of mappings. A name that is given twice has the value that comes later. */}}
{{- define "headrace.merged" -}}
{{- $merged := dict -}}
{{- range . -}}
{{- range $key, $value := . -}}
{{- $_ := set $merged $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $merged -}}
{{- end -}}

{{/*
`metadata` of an object. Takes a mapping:
  root         the chart's
  name         left out in a template of pods
  namespace    left out where there is none
  labels       of this object alone, as a list of mappings; the chart's labels win over them
  annotations  of this object alone, as a list of mappings; later ones win
  identity     the template of the labels that are selected by; the controller's, if left out
*/}}
{{- define "headrace.metadata" -}}
{{- $values := .root.Values -}}
{{- $ours := include "headrace.releaseLabels" .root | fromYaml -}}
{{- $identity := include (.identity | default "headrace.selectorLabels") .root | fromYaml -}}
{{- $labels := concat (list $values.commonLabels) (.labels | default list) (list $ours $identity) -}}
{{- $annotations := concat (list $values.commonAnnotations) (.annotations | default list) -}}
{{- $metadata := dict "labels" (include "headrace.merged" $labels | fromYaml) -}}
{{- with include "headrace.merged" $annotations | fromYaml -}}
{{- $_ := set $metadata "annotations" . -}}
{{- end -}}
{{- toYaml (merge $metadata (pick . "name" "namespace")) -}}
{{- end -}}

{{- define "headrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "headrace.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "headrace.testLabels" -}}
app.kubernetes.io/name: {{ include "headrace.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{- end -}}

{{- define "headrace.releaseLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: headrace
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") | quote }}
{{- end -}}

{{- define "headrace.image" -}}
{{- if not .Values.image.repository -}}
{{- fail "image.repository: name the image that you built, e.g. registry.example.com/headrace/controller (Dockerfile; docs/how-to/install.md)" -}}
{{- else if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/*
Never a ServiceAccount that was not named: with `default`, every pod of the namespace would have the
controller's rights.
*/}}
{{- define "headrace.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "headrace.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name: name the ServiceAccount to use, for serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Who the controller is to the API server. */}}
{{- define "headrace.user" -}}
{{- printf "system:serviceaccount:%s:%s" .Release.Namespace (include "headrace.serviceAccount" .) -}}
{{- end -}}

{{/* Where pods of the chart may run, and how they get their image. */}}
{{- define "headrace.placement" -}}
{{- range $field := list "imagePullSecrets" "priorityClassName" "nodeSelector" "tolerations" "affinity" -}}
{{- with get $.Values $field }}
{{ toYaml (dict $field .) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Names and labels. */}}
{{- define "firstseen.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* Leaves room for the ordinal of a pod and the hash of a revision within the 63 characters of a label. */}}
{{- define "firstseen.fullname" -}}
{{- $name := include "firstseen.name" . -}}
{{- $default := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $default .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- end }}

{{- define "firstseen.selectorLabels" -}}
app.kubernetes.io/name: {{ include "firstseen.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Of the pods that run, and not of the test's. */}}
{{- define "firstseen.daemonLabels" -}}
{{ include "firstseen.selectorLabels" . }}
app.kubernetes.io/component: daemon
{{- end }}

{{/* Of the test's pod. */}}
{{- define "firstseen.testLabels" -}}
{{ include "firstseen.selectorLabels" . }}
app.kubernetes.io/component: test
{{- end }}

{{- define "firstseen.labels" -}}
{{ include "firstseen.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "firstseen.serviceAccountName" -}}
{{- $made := .Values.serviceAccount.create | ternary (include "firstseen.fullname" .) "default" -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end }}

{{- define "firstseen.image" -}}
{{- $why := "image.repository is required: no image of firstseen is published; build one (./dev package image), push it to your registry, and name it here" -}}
{{- $repository := required $why .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end }}

{{/* HOST:PORT of a listener; takes a dict of address and port. */}}
{{- define "firstseen.endpoint" -}}
{{- contains ":" .address | ternary (printf "[%s]" .address) .address }}:{{ .port -}}
{{- end }}

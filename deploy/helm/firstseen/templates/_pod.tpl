{{/* What the daemon's container and that of the test have in common: image, configuration, secrets, hardening. */}}
{{- define "firstseen.container" -}}
image: {{ include "firstseen.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- end }}

{{- define "firstseen.mounts" -}}
- name: config
  mountPath: /etc/firstseen
  readOnly: true
{{- if .Values.secrets.existingSecret }}
- name: secrets
  mountPath: /run/secrets/firstseen
  readOnly: true
{{- end }}
{{- if .Values.http.tlsSecret }}
- name: tls
  mountPath: /run/secrets/firstseen-tls
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "firstseen.volumes" -}}
- name: config
  configMap:
    name: {{ include "firstseen.fullname" . }}
{{- with .Values.secrets.existingSecret }}
- name: secrets
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.http.tlsSecret }}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "firstseen.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The spread constraints, each with the release's pods unless it says which. */}}
{{- define "firstseen.spread" -}}
{{- $own := dict "labelSelector" (dict "matchLabels" (include "firstseen.daemonLabels" . | fromYaml)) -}}
{{- $constraints := list -}}
{{- range .Values.topologySpreadConstraints -}}
{{- $constraints = append $constraints (merge (deepCopy .) $own) -}}
{{- end -}}
{{- toYaml $constraints -}}
{{- end }}

{{/* Which nodes take the pods: that of the test must find one, too. */}}
{{- define "firstseen.nodes" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

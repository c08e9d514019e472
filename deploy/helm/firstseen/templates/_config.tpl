{{/* firstseen.yaml: the values' config with what is the chart's. The instance is the pod's name, so that a pod that comes back
is the same member of the group with the same transactional id. The store has a directory of its own: the volume's root may
hold a lost+found. */}}
{{- define "firstseen.config" -}}
{{- $http := dict
  "listen" (include "firstseen.endpoint" (dict "address" .Values.http.address "port" .Values.http.port))
  "probe_listen" (include "firstseen.endpoint" (dict "address" .Values.http.address "port" .Values.http.probePort)) -}}
{{- if .Values.http.tokenKey -}}
{{- $_ := set $http "token_file" (printf "/run/secrets/firstseen/%s" .Values.http.tokenKey) -}}
{{- end -}}
{{- if .Values.http.tlsSecret -}}
{{- $_ := set $http "tls" (dict "certificate" "/run/secrets/firstseen-tls/tls.crt" "key" "/run/secrets/firstseen-tls/tls.key") -}}
{{- end -}}
{{- $own := dict
  "store" (dict "path" "/var/lib/firstseen/store")
  "run" (dict "instance" "${POD_NAME}")
  "http" $http -}}
{{- mergeOverwrite (deepCopy .Values.config) $own | toYaml -}}
{{- end }}

{{/* Ports of the brokers, as a JSON object {"ports": [...]}. */}}
{{- define "firstseen.kafkaPorts" -}}
{{- $ports := .Values.networkPolicy.kafkaPorts -}}
{{- if not $ports -}}
{{- range .Values.config.kafka.brokers -}}
{{- if contains "${" . -}}
{{- fail (printf "networkPolicy.kafkaPorts is required, since the port of the broker %s is not known here" .) -}}
{{- end -}}
{{- range splitList "," . -}}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" (trim .)) | default "9092" | int) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "ports" (uniq $ports) | toJson -}}
{{- end }}

{{/* Refuses values that are well-formed and do not fit together. */}}
{{- define "firstseen.check" -}}
{{- $values := .Values -}}
{{- if lt (int $values.terminationGracePeriodSeconds) 20 -}}
{{- fail "terminationGracePeriodSeconds must be at least 20: the 10 s that a stop takes, and 10 s for a slow disk" -}}
{{- end -}}
{{- if and $values.http.tokenKey (not $values.secrets.existingSecret) -}}
{{- fail "http.tokenKey names a key of secrets.existingSecret, which is not set" -}}
{{- end -}}
{{- if and $values.serviceMonitor.tlsConfig (not $values.http.tlsSecret) -}}
{{- fail "serviceMonitor.tlsConfig has no effect without http.tlsSecret" -}}
{{- end -}}
{{- if eq (int $values.http.port) (int $values.http.probePort) -}}
{{- fail "http.port and http.probePort must differ" -}}
{{- end -}}
{{- include "firstseen.checkMemory" . -}}
{{- /* Without a claim this size bounds an emptyDir, and the kubelet evicts a pod that fills it. */ -}}
{{- $max_size := include "firstseen.maxSize" . -}}
{{- $store := include "firstseen.bytes" $max_size -}}
{{- $volume := include "firstseen.bytes" $values.persistence.size -}}
{{- if and $store $volume (lt (mulf 4 $volume) (mulf 5 $store)) -}}
{{- fail (printf "persistence.size %s is too small for config.store.max_size %s: it must be 1.25 times as much, and should be twice" $values.persistence.size $max_size) -}}
{{- end -}}
{{- if and $values.prometheusRule.enabled (not $values.serviceMonitor.enabled) -}}
{{- fail "prometheusRule.enabled needs serviceMonitor.enabled: the alerts select the series by the labels that it gives them" -}}
{{- end -}}
{{- end }}

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
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" .) | default "9092" | int) -}}
{{- end -}}
{{- end -}}
{{- dict "ports" (uniq $ports) | toJson -}}
{{- end }}

{{/* A size such as 32Gi or 16GiB in MiB; nothing if it is not one. */}}
{{- define "firstseen.mebibytes" -}}
{{- $number := regexFind "^[0-9]+" . | default "0" | int64 -}}
{{- $bytes := get (dict "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "M" 1000000 "G" 1000000000 "T" 1000000000000) (regexReplaceAll "^[0-9]+([MGT]i?)B?$" . "${1}") -}}
{{- if $bytes -}}{{- div (mul $number $bytes) 1048576 -}}{{- end -}}
{{- end }}

{{/* Refuses values that are well-formed and do not fit together. */}}
{{- define "firstseen.check" -}}
{{- $values := .Values -}}
{{- $least := add $values.preStopSeconds 20 -}}
{{- if lt (int $values.terminationGracePeriodSeconds) (int $least) -}}
{{- fail (printf "terminationGracePeriodSeconds must be at least %d: preStopSeconds, the 10 s that a stop takes, and 10 s for a slow disk" $least) -}}
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
{{- /* Without a claim this size bounds an emptyDir, and the kubelet evicts a pod that fills it. */ -}}
{{- $store := include "firstseen.mebibytes" $values.config.store.max_size -}}
{{- $volume := include "firstseen.mebibytes" $values.persistence.size -}}
{{- if and $store $volume (lt (mul 4 (int64 $volume)) (mul 5 (int64 $store))) -}}
{{- fail (printf "persistence.size %s is too small for config.store.max_size %s: it must be 1.25 times as much, and should be twice" $values.persistence.size $values.config.store.max_size) -}}
{{- end -}}
{{- if and $values.prometheusRule.enabled (not $values.serviceMonitor.enabled) -}}
{{- fail "prometheusRule.enabled needs serviceMonitor.enabled: the alerts select the series by the labels that it gives them" -}}
{{- end -}}
{{- end }}

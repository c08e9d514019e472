{{/* A size such as 32Gi, 16GiB, 1.5G or a plain number in bytes; nothing if it is not one, such as ${MAX_SIZE}. */}}
{{- define "firstseen.bytes" -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?([eE][+]?[0-9]+)?" $text -}}
{{- $decimal := dict "" 1 "k" 1000 "K" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "P" 1000000000000000 -}}
{{- $binary := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 -}}
{{- $unit := get (merge $decimal $binary) (trimPrefix $number $text | trimSuffix "B") -}}
{{- if and $number $unit -}}{{- mulf (float64 $number) $unit | printf "%.0f" -}}{{- end -}}
{{- end }}

{{/* config.store.max_size, or what firstseen takes without it. */}}
{{- define "firstseen.maxSize" -}}
{{- $figures := include "firstseen.figures" . | fromJson -}}
{{- (.Values.config.store | default dict).max_size | default $figures.default_max_size -}}
{{- end }}

{{/* What the process takes beside its index, in bytes. */}}
{{- define "firstseen.memoryBesideIndex" -}}
{{- $figures := include "firstseen.figures" . | fromJson -}}
{{- $usual := include "firstseen.bytes" $figures.default_prefetch_bytes -}}
{{- $prefetch := include "firstseen.bytes" (dig "kafka" "prefetch_bytes" "" .Values.config) | default $usual -}}
{{- addf $figures.most_beside_index_bytes (maxf 0 (subf $prefetch $usual)) | printf "%.0f" -}}
{{- end }}

{{/* Refuses a limit of memory at which the pod is killed before its store is full. As in `firstseen plan`, the index counts
at its largest, while it grows. The pages of the store's file do not count: the kernel takes them back. */}}
{{- define "firstseen.checkMemory" -}}
{{- $figures := include "firstseen.figures" . | fromJson -}}
{{- $max_size := include "firstseen.maxSize" . -}}
{{- $limit := dig "limits" "memory" "" (.Values.resources | default dict) -}}
{{- $store := include "firstseen.bytes" $max_size -}}
{{- $memory := include "firstseen.bytes" $limit -}}
{{- if and $store $memory -}}
{{- $beside := include "firstseen.memoryBesideIndex" . -}}
{{- $keys := divf $store $figures.disk_bytes_per_key -}}
{{- $small := lt $keys $figures.large_index | ternary $figures.small_index_bytes 0 -}}
{{- $needed := addf (mulf $keys $figures.index_bytes_per_key_growing) $small $beside -}}
{{- if lt (float64 $memory) $needed -}}
{{- $room := subf $memory $beside $figures.small_index_bytes -}}
{{- $fits := mulf (divf $room $figures.index_bytes_per_key_growing) $figures.disk_bytes_per_key -}}
{{- $mebibyte := 1048576 -}}
{{- $smaller := lt $fits (mulf 16 $mebibyte) | ternary "" (printf ", or config.store.max_size to %.0fMiB at most" (floor (divf $fits $mebibyte))) -}}
{{- fail (printf "resources.limits.memory %v is too small for config.store.max_size %s: the pod would be killed before its store is full, since the index of so many keys grows with it; set resources.limits.memory to %.0fMi at least%s (without a limit this is not checked)" $limit $max_size (ceil (divf $needed $mebibyte)) $smaller) -}}
{{- end -}}
{{- end -}}
{{- end }}

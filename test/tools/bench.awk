# Prints the results of go test -bench as figures, one for each unit: figure: bench_NAME_UNIT VALUE.
/^Benchmark/ {
	name = $1
	sub(/^Benchmark/, "", name)
	sub(/-[0-9]+$/, "", name)
	for (i = 3; i < NF; i += 2) {
		unit = $(i + 1)
		sub(/\/op$/, "_per_op", unit)
		printf "figure: bench_%s_%s %s\n", name, tolower(unit), $i
	}
	next
}
{ print }

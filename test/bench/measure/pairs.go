/*
Copyright 2026 The Karmada Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package measure

import (
	"slices"
	"syscall"
	"time"
)

// MinPairs is the smallest number of pairs that two times are compared by.
const MinPairs = 15

// Sample measures one run of something, for example its duration.
type Sample func() (float64, error)

// Ratio returns the median of the ratios of a to b over pairs of runs, which are interleaved: a b a b. What disturbs the machine
// disturbs both.
func Ratio(pairs int, a, b Sample) (float64, error) {
	ratios := make([]float64, 0, pairs)
	for range pairs {
		of, err := a()
		if err != nil {
			return 0, err
		}
		to, err := b()
		if err != nil {
			return 0, err
		}
		ratios = append(ratios, of/to)
	}
	return Median(ratios), nil
}

// Median returns the median of values.
func Median(values []float64) float64 { return Percentile(values, 50) }

// Percentile returns a percentile of values, by the nearest rank.
func Percentile(values []float64, percent int) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	const all = 100
	rank := (len(sorted)*percent + all - 1) / all
	return sorted[max(rank, 1)-1]
}

// Wall returns the duration of a run, in seconds.
func Wall(run func() error) Sample {
	return func() (float64, error) {
		began := time.Now()
		err := run()
		return time.Since(began).Seconds(), err
	}
}

// CPU returns the processor time that this process spends in a run, in seconds. Nothing else may run in the process.
func CPU(run func() error) Sample {
	return func() (float64, error) {
		before := processorTime()
		err := run()
		return (processorTime() - before).Seconds(), err
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

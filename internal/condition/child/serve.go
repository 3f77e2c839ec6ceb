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

package child

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/karmada-io/image-trust/internal/condition"
)

// Exit codes of a process that ends because a condition takes too much.
const (
	exitTime   = 41
	exitMemory = 42
)

// What the evaluation of one condition on one statement may take.
const (
	// maxTime is the time that the processor works on it. Unlike the time that passes, it does not depend on what else the
	// machine does.
	maxTime = 2 * time.Second
	// maxMemory is the memory that the process has for itself, in bytes. With the program, which it shares with its parent, it
	// stays below 256 MiB.
	maxMemory = 200 << 20
	// maxStack is the size of the stack of a goroutine, in bytes: recursion without end reaches it at once.
	maxStack = 32 << 20
	// watchInterval is the time between two looks of the watchdog.
	watchInterval = 5 * time.Millisecond
)

// Serve evaluates conditions until its input ends, and returns the exit code. It limits the whole process.
func Serve(in io.Reader, out io.Writer) int {
	runtime.GOMAXPROCS(1)
	debug.SetMaxStack(maxStack)
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(maxMemory * 3 / 4)
	limitProcess()
	busy := make(chan bool)
	go watch(busy)
	reader, writer := bufio.NewReader(in), bufio.NewWriter(out)
	reply := func(a answer) bool {
		return writeAnswer(writer, a) == nil && writer.Flush() == nil
	}
	for reply(answer{kind: ready}) {
		asked, err := readRequest(reader)
		if err != nil {
			return 0
		}
		limitTime()
		busy <- true
		a := evaluate(asked)
		busy <- false
		if !reply(a) {
			return 0
		}
	}
	return 0
}

func evaluate(r request) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{crashed, fmt.Sprintf("the evaluation fails in CUE: %v", r)}
		}
	}()
	var err error
	if r.compile {
		err = condition.Compile(string(r.source))
	} else {
		err = condition.Evaluate(string(r.source), r.statement)
	}
	var notMet *condition.UnmetError
	switch {
	case err == nil:
		return answer{kind: met}
	case errors.As(err, &notMet):
		return answer{unmet, err.Error()}
	case errors.Is(err, condition.ErrMalformed):
		return answer{malformed, err.Error()}
	case errors.Is(err, condition.ErrInvalid):
		return answer{invalid, err.Error()}
	default:
		return answer{crashed, err.Error()}
	}
}

// watch ends the process when an evaluation takes too long or too much memory, or when the parent has ended. The limits of the
// operating system are the second line, and the only one while a single allocation is made.
func watch(busy <-chan bool) {
	parent := os.Getppid()
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range busy {
		began := processorTime()
		ticks := time.NewTicker(watchInterval)
		for working := true; working; {
			select {
			case <-busy:
				working = false
			case <-ticks.C:
				metrics.Read(samples)
				switch {
				case processorTime()-began > maxTime:
					os.Exit(exitTime) //nolint:forbidigo // The evaluation cannot be stopped in another way.
				case samples[0].Value.Uint64()-samples[1].Value.Uint64() > maxMemory:
					os.Exit(exitMemory) //nolint:forbidigo // The evaluation cannot be stopped in another way.
				case os.Getppid() != parent:
					os.Exit(1) //nolint:forbidigo // Nobody waits for the answer.
				}
			}
		}
		ticks.Stop()
	}
}

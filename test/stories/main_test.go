// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"
)

// TestMain takes down the labs that the stories started, also when interrupted.
func TestMain(m *testing.M) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		stopLabs()
		os.Exit(1)
	}()
	code := m.Run()
	stopLabs()
	os.Exit(code)
}

// started are the names of the labs to take down at the end.
var started struct {
	sync.Mutex
	names []string
}

// stopLabs takes down all labs that were started.
func stopLabs() {
	started.Lock()
	defer started.Unlock()
	for _, name := range started.names {
		labDown(name)
	}
	started.names = nil
}

// stopLab takes one lab down.
func stopLab(name string) {
	started.Lock()
	defer started.Unlock()
	if n := slices.Index(started.names, name); n >= 0 {
		labDown(name)
		started.names = slices.Delete(started.names, n, n+1)
	}
}

func labDown(name string) {
	lab, err := findLab()
	if err != nil {
		return // no lab was started either
	}
	if output, err := exec.Command(lab, "down", "--name", name).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "lab down --name %s: %v\n%s", name, err, output)
	}
}

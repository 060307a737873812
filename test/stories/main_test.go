// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"
)

// TestMain takes the labs down at the end, and when it is interrupted.
func TestMain(m *testing.M) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		takeDown()
		os.Exit(1)
	}()
	code := m.Run()
	takeDown()
	os.Exit(code)
}

// up are the names of the labs that the stories have brought up.
var up struct {
	sync.Mutex
	names []string
}

func takeDown() {
	up.Lock()
	defer up.Unlock()
	for _, name := range up.names {
		lower(name)
	}
	up.names = nil
}

// lower takes one lab down.
func lower(name string) {
	if keeping() != "" {
		return
	}
	lab, err := findLab()
	if err != nil {
		return // then none was brought up either
	}
	if said, err := exec.Command(lab, "down", "--name", name).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "lab down --name %s: %v\n%s", name, err, said)
	}
}

// keeping is how the names of labs begin that are left up, for who works on a story.
func keeping() string { return os.Getenv("RERIG_TEST_KEEP") }

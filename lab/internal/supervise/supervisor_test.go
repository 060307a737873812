// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/lab/internal/state"
)

func newLab(t *testing.T) state.Lab {
	t.Helper()
	root := t.TempDir()
	l := state.Lab{Name: "x", Dir: state.Dir(root, "x"), Cache: root}
	if err := l.Save(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(l.LogDir(), 0o755); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRunUntilCanceled(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	run := func(ctx context.Context, _ state.Lab, _ io.Writer, ready func() error) error {
		if err := ready(); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	go func() { ended <- Run(ctx, l, run, io.Discard) }()
	if err := WaitReady(context.Background(), l, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !IsRunning(l) {
		t.Error("it has no supervisor")
	}
	if pid, err := supervisorPID(l); err != nil || pid != os.Getpid() {
		t.Errorf("supervisor %d, %v", pid, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if IsRunning(l) {
		t.Error("it still has a supervisor")
	}
}

func TestWaitReadyReturnsFailureReason(t *testing.T) {
	l := newLab(t)
	run := func(context.Context, state.Lab, io.Writer, func() error) error { return errors.New("no ground") }
	if err := os.WriteFile(logPath(l), []byte("etcd is up\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), l, run, io.Discard); err == nil {
		t.Error("no error")
	}
	var output bytes.Buffer
	err := WaitReady(context.Background(), l, &output)
	if err == nil || !strings.Contains(err.Error(), "no ground") {
		t.Errorf("error %v", err)
	}
	if output.String() != "etcd is up\n" {
		t.Errorf("told %q", output.String())
	}
}

// A supervisor that does not listen is killed.
func TestStopKillsUnresponsiveSupervisor(t *testing.T) {
	l := newLab(t)
	if err := Stop(l, time.Second); err != nil {
		t.Errorf("a lab without a supervisor: %v", err)
	}
	script := `trap "" TERM; exec 9>>"$1"; flock -x 9; echo $$ >"$1"; while :; do sleep 0.1; done`
	cmd := exec.Command("/bin/bash", "-c", script, "supervisor", l.SupervisorLock())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	for until := time.Now().Add(5 * time.Second); !IsRunning(l) && time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
	}
	time.Sleep(100 * time.Millisecond) // until its number is written
	if err := Stop(l, 500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if IsRunning(l) {
		t.Error("it still has a supervisor")
	}
}

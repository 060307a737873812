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
	lab := state.Lab{Name: "x", Dir: state.Dir(root, "x"), Cache: root}
	if err := lab.Save(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(lab.LogDir(), 0o755); err != nil {
		t.Fatal(err)
	}
	return lab
}

func TestRunUntilCanceled(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	run := func(ctx context.Context, _ state.Lab, _ io.Writer, ready func() error) error {
		if err := ready(); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	go func() { done <- Run(ctx, l, run, io.Discard) }()
	if err := WaitReady(context.Background(), l, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !IsRunning(l) {
		t.Error("got no supervisor, want one")
	}
	if pid, err := supervisorPID(l); err != nil || pid != os.Getpid() {
		t.Errorf("got supervisor PID %d, %v, want %d", pid, err, os.Getpid())
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if IsRunning(l) {
		t.Error("got a supervisor, want none")
	}
}

func TestWaitReadyReturnsFailureReason(t *testing.T) {
	l := newLab(t)
	run := func(context.Context, state.Lab, io.Writer, func() error) error { return errors.New("no node") }
	if err := os.WriteFile(logPath(l), []byte("etcd is up\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), l, run, io.Discard); err == nil {
		t.Error("got no error, want the failure of the lab")
	}
	var output bytes.Buffer
	err := WaitReady(context.Background(), l, &output)
	if err == nil || !strings.Contains(err.Error(), "no node") {
		t.Errorf("got error %v, want the reason", err)
	}
	if output.String() != "etcd is up\n" {
		t.Errorf("got output %q, want the supervisor's log", output.String())
	}
}

func TestStopKillsUnresponsiveSupervisor(t *testing.T) {
	l := newLab(t)
	if err := Stop(l, time.Second); err != nil {
		t.Errorf("without a supervisor: got error %v, want none", err)
	}
	script := `trap "" TERM; exec 9>>"$1"; flock -x 9; echo $$ >"$1"; while :; do sleep 0.1; done`
	cmd := exec.Command("/bin/bash", "-c", script, "supervisor", l.SupervisorLock())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	for until := time.Now().Add(5 * time.Second); !IsRunning(l) && time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
	}
	time.Sleep(100 * time.Millisecond) // wait until the process ID is written
	if err := Stop(l, 500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if IsRunning(l) {
		t.Error("got a supervisor, want none")
	}
}

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

func lab(t *testing.T) state.Lab {
	t.Helper()
	root := t.TempDir()
	l := state.Lab{Name: "x", Dir: state.At(root, "x"), Cache: root}
	if err := l.Save(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(l.Logs(), 0o755); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRunUntilItIsEnded(t *testing.T) {
	l := lab(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	ground := func(ctx context.Context, _ state.Lab, _ io.Writer, ready func() error) error {
		if err := ready(); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	go func() { ended <- Run(ctx, l, ground, io.Discard) }()
	if err := Await(context.Background(), l, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !Alive(l) {
		t.Error("it has no supervisor")
	}
	if pid, err := supervisor(l); err != nil || pid != os.Getpid() {
		t.Errorf("supervisor %d, %v", pid, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if Alive(l) {
		t.Error("it still has a supervisor")
	}
}

func TestAwaitTellsWhyALabFailed(t *testing.T) {
	l := lab(t)
	ground := func(context.Context, state.Lab, io.Writer, func() error) error { return errors.New("no ground") }
	if err := os.WriteFile(logFile(l), []byte("etcd is up\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), l, ground, io.Discard); err == nil {
		t.Error("no error")
	}
	var told bytes.Buffer
	err := Await(context.Background(), l, &told)
	if err == nil || !strings.Contains(err.Error(), "no ground") {
		t.Errorf("error %v", err)
	}
	if told.String() != "etcd is up\n" {
		t.Errorf("told %q", told.String())
	}
}

// A supervisor that does not listen is killed.
func TestEnd(t *testing.T) {
	l := lab(t)
	if err := End(l, time.Second); err != nil {
		t.Errorf("a lab without a supervisor: %v", err)
	}
	script := `trap "" TERM; exec 9>>"$1"; flock -x 9; echo $$ >"$1"; while :; do sleep 0.1; done`
	cmd := exec.Command("/bin/bash", "-c", script, "supervisor", l.Supervisor())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	for until := time.Now().Add(5 * time.Second); !Alive(l) && time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
	}
	time.Sleep(100 * time.Millisecond) // until its number is written
	if err := End(l, 500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if Alive(l) {
		t.Error("it still has a supervisor")
	}
}

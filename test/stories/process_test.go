// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that was started and is listened to.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	took  time.Duration

	mu   sync.Mutex
	said bytes.Buffer // both outputs, as they came
	out  bytes.Buffer // standard output alone
}

// startProcess starts a program without a terminal. It does not outlive the test.
func startProcess(t *testing.T, env []string, path string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Env = env
	p.cmd.Stdout = listening{p, &p.out}
	p.cmd.Stderr = listening{p, &bytes.Buffer{}}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is asked by code
		p.took = time.Since(began)
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		<-p.ended
	})
	return p
}

// listening takes what a process says on one of its outputs.
type listening struct {
	p    *process
	also *bytes.Buffer
}

func (l listening) Write(b []byte) (int, error) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.also.Write(b)
	return l.p.said.Write(b)
}

// text is all that the process has said so far.
func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// stdout is what it has said on its standard output.
func (p *process) stdout() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// kill ends the process with a signal that it cannot answer.
func (p *process) kill() { p.signal(syscall.SIGKILL) }

func (p *process) signal(s os.Signal) {
	// That it has ended already is nothing to complain of.
	_ = p.cmd.Process.Signal(s)
}

// code waits for the end and returns the exit code; -1 is a death by signal.
func (p *process) code(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("%s did not end within %s; it said:\n%s", strings.Join(p.cmd.Args, " "), within, p.text())
		return 0
	}
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// hears waits until the process has said something.
func (p *process) hears(t *testing.T, what string, within time.Duration) {
	t.Helper()
	eventually(t, within, func() error {
		if strings.Contains(p.text(), what) {
			return nil
		}
		if !p.running() {
			t.Fatalf("it ended without saying %q; it said:\n%s", what, p.text())
		}
		return errors.New("not said: " + what + "; but:\n" + p.text())
	})
}

// eventually asks until the answer is nil.
func eventually(t *testing.T, within time.Duration, ask func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %v", within, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// short is a duration as a person reads it.
func short(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

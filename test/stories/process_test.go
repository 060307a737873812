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

// process is a started program and its output.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	took  time.Duration

	mu           sync.Mutex
	output       bytes.Buffer // both outputs, in order
	stdoutOutput bytes.Buffer // standard output alone
}

// startProcess starts a program without a terminal. It ends with the test.
func startProcess(t *testing.T, env []string, path string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Env = env
	p.cmd.Stdout = outputWriter{p, &p.stdoutOutput}
	p.cmd.Stderr = outputWriter{p, &bytes.Buffer{}}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	go func() {
		_ = p.cmd.Wait() // code reports how it ended
		p.took = time.Since(began)
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		<-p.ended
	})
	return p
}

// outputWriter records what a process writes to one of its outputs.
type outputWriter struct {
	p    *process
	also *bytes.Buffer
}

func (l outputWriter) Write(b []byte) (int, error) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.also.Write(b)
	return l.p.output.Write(b)
}

// text returns all output so far.
func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// stdout returns standard output so far.
func (p *process) stdout() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stdoutOutput.String()
}

// kill sends SIGKILL.
func (p *process) kill() { p.signal(syscall.SIGKILL) }

func (p *process) signal(s os.Signal) {
	// It may have ended already.
	_ = p.cmd.Process.Signal(s)
}

// code waits for the end and returns the exit code; -1 means that a signal ended it.
func (p *process) code(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("%s did not end within %s; output:\n%s", strings.Join(p.cmd.Args, " "), within, p.text())
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

// waitOutput waits until the output contains a text.
func (p *process) waitOutput(t *testing.T, what string, within time.Duration) {
	t.Helper()
	eventually(t, within, func() error {
		if strings.Contains(p.text(), what) {
			return nil
		}
		if !p.running() {
			t.Fatalf("it ended without saying %q; output:\n%s", what, p.text())
		}
		return errors.New("not said: " + what + "; but:\n" + p.text())
	})
}

// eventually calls a function until it returns nil.
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
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// short formats a duration for people.
func short(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

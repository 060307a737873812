// SPDX-License-Identifier: Apache-2.0

//go:build unix

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/install/process/processtest"
)

// A test binary started with RERIG_TEST_RUN runs that script, as rerig runs istioctl, until it is
// killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("RERIG_TEST_RUN"); path != "" {
		_, err := Run(context.Background(), path, nil, "", nil)
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestRunReturnsLastLines(t *testing.T) {
	var logged []string
	script := `printf 'one\n  /__\\\n\033[32mtwo\033[0m\rtwo\n\n'; cat; sleep 0.2; printf 'almost)Error: last' >&2; exit 4`
	path := processtest.WriteScript(t, script)
	lines, err := Run(t.Context(), path, nil, "from stdin\n", func(line string) { logged = append(logged, line) })
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 4 {
		t.Errorf("ended with %v", err)
	}
	want := []string{"one", "two", "from stdin", "almost)", "Error: last"}
	if diff := cmp.Diff(want, logged); diff != "" {
		t.Errorf("logged:\n%s", diff)
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("kept:\n%s", diff)
	}
}

func TestRunReportsMissingProgram(t *testing.T) {
	if _, err := Run(t.Context(), filepath.Join(t.TempDir(), "none"), nil, "", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ended with %v", err)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	path := processtest.WriteScript(t, nestedScript(pids))
	ended := make(chan error, 1)
	go func() {
		_, err := Run(ctx, path, nil, "", nil)
		ended <- err
	}()
	both := processtest.AwaitPIDs(t, pids)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	processtest.AwaitExit(t, both)
}

// After SIGKILL of the parent, the program and its children end as well.
func TestRunDiesWithParent(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "RERIG_TEST_RUN="+processtest.WriteScript(t, nestedScript(pids)))
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	both := processtest.AwaitPIDs(t, pids)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	processtest.AwaitExit(t, both)
}

// nestedScript returns an istioctl that wraps another program and writes both process IDs to a
// file.
func nestedScript(pids string) string {
	return fmt.Sprintf("sleep 300 & echo $$ $! > %[1]s.new; mv %[1]s.new %[1]s; wait", pids)
}

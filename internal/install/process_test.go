// SPDX-License-Identifier: Apache-2.0

//go:build unix

package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A test binary started with RERIG_TEST_RUN runs that script, as rerig runs istioctl, until it is
// killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("RERIG_TEST_RUN"); path != "" {
		_, err := runProcess(context.Background(), path, nil, "", nil)
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestRunProcessReturnsLastLines(t *testing.T) {
	var logged []string
	path := writeScript(t, `printf 'one\n  /__\\\n\033[32mtwo\033[0m\rtwo\n\n'; cat; sleep 0.2; printf 'almost)Error: last' >&2; exit 4`)
	lines, err := runProcess(t.Context(), path, nil, "from stdin\n", func(line string) { logged = append(logged, line) })
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

func TestRunProcessReportsMissingProgram(t *testing.T) {
	if _, err := runProcess(t.Context(), filepath.Join(t.TempDir(), "none"), nil, "", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ended with %v", err)
	}
}

func TestRunProcessEndsWithContext(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	path := writeScript(t, nestedScript(pids))
	ended := make(chan error, 1)
	go func() {
		_, err := runProcess(ctx, path, nil, "", nil)
		ended <- err
	}()
	both := awaitPIDs(t, pids)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	awaitExit(t, both)
}

// After SIGKILL of the parent, the program and its children end as well.
func TestRunProcessDiesWithParent(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "RERIG_TEST_RUN="+writeScript(t, nestedScript(pids)))
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	both := awaitPIDs(t, pids)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	awaitExit(t, both)
}

// nestedScript returns an istioctl that wraps another program and writes both process IDs to a
// file.
func nestedScript(pids string) string {
	return fmt.Sprintf("sleep 300 & echo $$ $! > %[1]s.new; mv %[1]s.new %[1]s; wait", pids)
}

func awaitPIDs(t *testing.T, path string) []int {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var pids []int
		for _, field := range strings.Fields(string(content)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
		return pids
	}
	t.Fatal("the script did not start")
	return nil
}

// awaitExit waits until the processes have ended, zombies included.
func awaitExit(t *testing.T, pids []int) {
	t.Helper()
	alive := func(pid int) bool {
		state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
		return err == nil && !strings.HasPrefix(strings.TrimSpace(string(state)), "Z")
	}
	deadline := time.Now().Add(5 * time.Second)
	for _, pid := range pids {
		for alive(pid) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d still runs", pid)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

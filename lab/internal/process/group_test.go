// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

func shellComponent(name, script string) component.Component {
	return component.Component{Name: name, Binary: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"}}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("%s: not true within 10 s", what)
}

func TestBootStartsComponentsInOrder(t *testing.T) {
	dir := t.TempDir()
	g := &Group{Logs: filepath.Join(dir, "log")}
	defer g.StopAll(0)
	first := shellComponent("first", "sleep 0.2; echo first >> events; touch ready; sleep 60")
	first.Probe.URL = "file://" + dir + "/ready"
	task := shellComponent("task", "echo task >> events")
	task.Kind = component.Task
	r := component.List{first, task, shellComponent("last", "echo last >> events; touch done; sleep 60")}
	for i := range r {
		r[i].Dir = dir
	}
	if err := g.Boot(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the last component runs", func() bool { _, err := os.Stat(filepath.Join(dir, "done")); return err == nil })
	events, err := os.ReadFile(filepath.Join(dir, "events"))
	if err != nil || string(events) != "first\ntask\nlast\n" {
		t.Errorf("got events %q, %v, want first, task, last", events, err)
	}
}

func TestStartQuotesLogOfExitedProcess(t *testing.T) {
	g := &Group{Logs: t.TempDir()}
	c := shellComponent("broken", "echo the cause >&2; exit 3")
	c.Restart = component.Always // a service that never was ready is not restarted
	c.Probe.URL = "file:///nowhere"
	err := g.Start(context.Background(), c)
	if err == nil || !strings.Contains(err.Error(), "the cause") || !strings.Contains(err.Error(), "exited") {
		t.Errorf("got error %v, want the end of the log", err)
	}
	task := shellComponent("task", "echo failing; exit 1")
	task.Kind = component.Task
	if err := g.Start(context.Background(), task); err == nil || !strings.Contains(err.Error(), "failing") {
		t.Errorf("got error %v, want the end of the log", err)
	}
}

func TestStopAllKillsProcessGroups(t *testing.T) {
	dir := t.TempDir()
	g := &Group{Logs: dir}
	script := `trap "" TERM; sleep 61 & echo $! > grandchild; touch ready; while :; do wait; sleep 1; done`
	c := shellComponent("ignores-term", script)
	c.Dir = dir
	c.Probe.URL, c.Restart = "file://"+dir+"/ready", component.Always
	if err := g.Start(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	pid := g.PID("ignores-term")
	g.StopAll(100 * time.Millisecond)
	if g.Running("ignores-term") {
		t.Error("got a running process, want none")
	}
	eventually(t, "its process group is gone", func() bool { return syscall.Kill(-pid, 0) == syscall.ESRCH })
}

func TestServiceRestartsAfterExit(t *testing.T) {
	g := &Group{Logs: t.TempDir()}
	defer g.StopAll(0)
	c := shellComponent("service", "sleep 60")
	c.Restart = component.Always
	if err := g.Start(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	old := g.PID("service")
	killGroup(old)
	eventually(t, "another process", func() bool { pid := g.PID("service"); return pid != 0 && pid != old })
}

func TestProbes(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := probe(context.Background(), "tcp://"+addr); err != nil {
		t.Error(err)
	}
	ln.Close()
	for _, c := range []struct{ name, url string }{
		{name: "closed port", url: "tcp://" + addr},
		{name: "closed HTTP port", url: "http://" + addr},
		{name: "missing file", url: "file:///nowhere"},
		{name: "missing socket", url: "unix:///nowhere"},
		{name: "unknown scheme", url: "gopher://x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if probe(context.Background(), c.url) == nil {
				t.Errorf("%s: got no error, want one", c.url)
			}
		})
	}
}

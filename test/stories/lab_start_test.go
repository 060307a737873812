// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// The two Istios of the lab.
const (
	oldRevision, oldVersion = "1-29-1", "1.29.1"
	newRevision, newVersion = "1-31-0", "1.31.0"
)

// lab is a running lab.
type lab struct {
	name       string
	kubeconfig string
	config     *rest.Config
	core       corev1client.CoreV1Interface
	leases     coordinationv1client.CoordinationV1Interface
	objects    dynamic.Interface
}

// sharedLab logs what the story shows and returns the hollow lab that stories
// share, with the shop as it was installed.
func sharedLab(t *testing.T, story string) *lab {
	t.Helper()
	describe(t, story)
	l := startLab(t, "hollow", "--size", "hollow")
	l.reset(t)
	return l
}

// ownLab logs what the story shows and returns a hollow lab for this story alone.
func ownLab(t *testing.T, story, name string, args ...string) *lab {
	t.Helper()
	describe(t, story)
	l := startLab(t, name, append([]string{"--size", "hollow"}, args...)...)
	t.Cleanup(func() { stopLab(l.name) })
	return l
}

// realLab logs what the story shows and returns the real lab that stories share,
// with the shop as it was installed. It skips the story on a machine without one.
func realLab(t *testing.T, story string) *lab {
	t.Helper()
	describe(t, story)
	if os.Getenv("RERIG_LAB_SIZE") != "real" {
		t.Skip("needs the real lab: Linux and root")
	}
	stopLab(labName("hollow")) // two cores are too few for both
	l := startLab(t, "real", "--size", "real")
	l.deleteRecords(t)
	runLab(t, "shop", "--name", l.name)
	return l
}

// describe logs what the story shows, and skips it where no lab was chosen.
func describe(t *testing.T, story string) {
	t.Helper()
	t.Log(story)
	if os.Getenv("RERIG_LAB_SIZE") == "" {
		t.Skip("no lab was chosen: set RERIG_LAB_SIZE to hollow or real, as make test does")
	}
}

// exhaustive reports whether stories repeat what make test does once: in make test-all.
func exhaustive() bool { return os.Getenv("RERIG_TEST_ALL") != "" }

// labsPrefix begins the names of labs that somebody else starts and takes down,
// such as make test; empty when the stories do so.
func labsPrefix() string { return os.Getenv("RERIG_TEST_LABS") }

func labName(name string) string { return cmp.Or(labsPrefix(), "stories") + "-" + name }

// startLab starts a lab, or finds it running, and connects to it.
func startLab(t *testing.T, name string, args ...string) *lab {
	t.Helper()
	began, full := time.Now(), labName(name)
	started.Lock()
	first := !slices.Contains(started.names, full)
	if keep := labsPrefix() != "" && (name == "hollow" || name == "real"); first && !keep {
		started.names = append(started.names, full)
		labDown(full) // left by a run that was killed
	}
	started.Unlock()
	runLab(t, append([]string{"up", "--name", full}, args...)...)
	if first {
		t.Logf("lab %s is up after %s", full, short(time.Since(began)))
	}
	return connect(t, full, strings.TrimSpace(runLab(t, "kubeconfig", "--name", full)))
}

func connect(t *testing.T, name, kubeconfig string) *lab {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatalf("read the kubeconfig of lab %s: %v", name, err)
	}
	config.QPS, config.Burst, config.UserAgent = 100, 200, "story"
	l := &lab{name: name, kubeconfig: kubeconfig, config: config}
	if l.core, err = corev1client.NewForConfig(config); err != nil {
		t.Fatalf("connect to lab %s: %v", name, err)
	}
	if l.leases, err = coordinationv1client.NewForConfig(config); err != nil {
		t.Fatalf("connect to lab %s: %v", name, err)
	}
	if l.objects, err = dynamic.NewForConfig(config); err != nil {
		t.Fatalf("connect to lab %s: %v", name, err)
	}
	return l
}

// runLab runs a command of the lab and returns its standard output.
func runLab(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, nil, labProgram(t), args...)
}

// output runs a program that has to succeed and returns its standard output.
func output(t *testing.T, env []string, path string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	var out, complained bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &complained, append(os.Environ(), env...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, complained.String(), out.String())
	}
	return out.String()
}

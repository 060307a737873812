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
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// The two Istios of the lab.
const (
	oldRevision, oldVersion = "1-29-1", "1.29.1"
	newRevision, newVersion = "1-31-0", "1.31.0"
)

// lab is a lab that is up.
type lab struct {
	name       string
	kubeconfig string
	config     *rest.Config
	core       corev1client.CoreV1Interface
	objects    dynamic.Interface
}

// hollow tells one line about the story and returns a hollow lab with the shop
// in it, as it was brought up. All stories that put back what they change share
// one.
func hollow(t *testing.T, story string) *lab {
	t.Helper()
	tell(t, story)
	l := bring(t, "hollow", "--size", "hollow")
	l.reset(t)
	return l
}

// tell says what the story is about, and skips it where there is no lab.
func tell(t *testing.T, story string) {
	t.Helper()
	t.Log(story)
	if os.Getenv("RERIG_LAB_SIZE") == "" {
		t.Skip("no lab was chosen: set RERIG_LAB_SIZE to hollow or real, as make test does")
	}
}

// repeating is for what make test has no time for, and make test-long has.
func repeating() bool { return os.Getenv("RERIG_LONG") != "" }

// bring brings a lab up, or finds it up, and connects to it.
func bring(t *testing.T, which string, args ...string) *lab {
	t.Helper()
	began, name := time.Now(), cmp.Or(keeping(), "stories"+os.Getenv("RERIG_TEST_SHARD"))+"-"+which
	up.Lock()
	fresh := !slices.Contains(up.names, name)
	if fresh {
		up.names = append(up.names, name)
	}
	up.Unlock()
	if fresh {
		lower(name) // what a run left that was killed
	}
	runLab(t, append([]string{"up", "--name", name}, args...)...)
	if fresh {
		t.Logf("lab %s is up after %s", name, time.Since(began).Round(100*time.Millisecond))
	}
	return connect(t, name, strings.TrimSpace(runLab(t, "kubeconfig", "--name", name)))
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
	var said, complained bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &said, &complained, append(os.Environ(), env...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, complained.String(), said.String())
	}
	return said.String()
}

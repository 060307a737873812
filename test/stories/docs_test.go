// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// page is a task page with its starting point.
type page struct {
	name string
	// start prepares the lab and returns the values of the page's variables.
	start func(t *testing.T, l *lab) map[string]string
}

// installingPages begin without the new revision.
var installingPages = []page{
	{name: "first-upgrade.md", start: func(t *testing.T, _ *lab) map[string]string {
		return map[string]string{"ISTIOCTL": istioctl(t, newVersion), "OPERATOR": operatorFile(t, newRevision), "SOAK": "1s"}
	}},
	{name: "install-a-revision.md", start: func(t *testing.T, _ *lab) map[string]string {
		return map[string]string{
			"ISTIOCTL": istioctl(t, newVersion),
			"OPERATOR": tempFile(t, fmt.Sprintf(minimal, "")),
			"CHART":    filepath.Join(strings.TrimSpace(runLab(t, "path", "charts-"+newVersion)), "istiod"),
			"SOAK":     "1s",
		}
	}},
	{name: "resume-and-roll-back.md", start: func(t *testing.T, _ *lab) map[string]string {
		return map[string]string{"ISTIOCTL": istioctl(t, newVersion), "OPERATOR": operatorFile(t, newRevision), "SOAK": "1s"}
	}},
	{name: "remove-the-old-control-plane.md", start: func(t *testing.T, l *lab) map[string]string {
		program, file := istioctl(t, oldVersion), operatorFile(t, oldRevision)
		t.Cleanup(func() { l.reinstall(t, program, file) })
		l.endGatewaysAtOnce(t)
		return map[string]string{
			"ISTIOCTL": istioctl(t, newVersion),
			"OPERATOR": briefGatewaysFile(t),
			"INGRESS":  "Deployment istio-system/istio-ingressgateway=held-rollout",
			"EGRESS":   "Deployment istio-system/istio-egressgateway=held-rollout",
			"SOAK":     "1s",
		}
	}},
}

// installedPages begin with the new revision installed.
var installedPages = []page{
	{name: "swap.md", start: func(*testing.T, *lab) map[string]string { return map[string]string{"SOAK": "1h"} }},
	{name: "trial.md", start: func(*testing.T, *lab) map[string]string { return map[string]string{"SOAK": "1s"} }},
	{name: "take-over-a-manual-upgrade.md", start: func(*testing.T, *lab) map[string]string {
		return map[string]string{"SOAK": "1s"}
	}},
	{name: "troubleshooting.md", start: func(t *testing.T, l *lab) map[string]string {
		l.annotate(t, "shop-web", map[string]any{"lab.rerig.dev/reject": "lds@" + newRevision})
		args := []string{"upgrade", "--to", newRevision, "-n", "shop-web", "--soak", "1s", "--yes"}
		l.rerig(t, args...).requireExit(t, exitHeld)
		return map[string]string{
			"AGAIN": "rerig " + strings.Join(args, " "),
			"FIX":   "kubectl annotate namespace shop-web lab.rerig.dev/reject-",
		}
	}},
	{name: "tags-and-gitops.md", start: func(t *testing.T, l *lab) map[string]string {
		l.createTaggedNamespace(t)
		l.createNamespace(t, "gitops", map[string]string{"istio.io/rev": oldRevision, "argocd.argoproj.io/instance": "tenants"})
		l.createDeployment(t, "gitops", "web")
		l.waitRolledOut(t, "gitops", "web")
		return map[string]string{"SOAK": "1s", "WAIT": "5s"}
	}},
}

// TestTaskPages runs every command block of the pages of docs/tasks that need the new revision.
func TestTaskPages(t *testing.T) {
	l := sharedLab(t, "every command of the task pages runs and prints what the page shows, on a mesh with the new revision")
	l.installTarget(t, "")
	for _, p := range installedPages {
		t.Run(p.name, func(t *testing.T) {
			l.deleteRecords(t)
			l.runPage(t, p)
		})
	}
}

// TestTaskPagesThatInstall runs the pages that begin without the new revision.
func TestTaskPagesThatInstall(t *testing.T) {
	l := sharedLab(t, "every command of the task pages runs and prints what the page shows, on a mesh without the new revision")
	for _, p := range installingPages {
		t.Run(p.name, func(t *testing.T) {
			l.reset(t)
			l.runPage(t, p)
		})
	}
}

// runPage runs the commands of a page in order. With RERIG_PICTURES the first upgrade is drawn.
func (l *lab) runPage(t *testing.T, p page) {
	t.Helper()
	began, content := time.Now(), readTaskPage(t, p.name)
	s := pageShell{lab: l, folder: t.TempDir(), variables: p.start(t, l)}
	for _, v := range content.variables {
		if s.variables[v] == "" {
			t.Fatalf("%s: the variable %s has no value in its starting point", p.name, v)
		}
	}
	pictures := os.Getenv(picturesVariable)
	for _, c := range content.commands {
		s.recording = ""
		if pictures != "" && p.name == "first-upgrade.md" && strings.HasPrefix(c.text, "rerig upgrade") {
			s.recording = filepath.Join(s.folder, "upgrade.cast")
		}
		if s.run(t, p.name, c); s.recording != "" {
			drawPictures(t, pictures, s.recording)
		}
	}
	t.Logf("%s: %s", p.name, short(time.Since(began)))
}

// TestHarnessPagesAreComplete compares the pages with their starting points, without a lab.
func TestHarnessPagesAreComplete(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "tasks", "*.md"))
	all := slices.Concat(installingPages, installedPages)
	if err != nil || len(files) != len(all) {
		t.Errorf("got %d pages (%v), want %d, as many as starting points", len(files), err, len(all))
	}
	for _, path := range files {
		name := filepath.Base(path)
		content := readTaskPage(t, name)
		if !slices.ContainsFunc(all, func(p page) bool { return p.name == name }) {
			t.Errorf("%s has no starting point", name)
		}
		if len(content.commands) == 0 {
			t.Errorf("%s has no commands", name)
		}
		for _, section := range []string{"Before you begin", "Verify", "Roll back", "Clean up"} {
			if !slices.Contains(content.headings, section) {
				t.Errorf("%s: got sections %q, want %q among them", name, content.headings, section)
			}
		}
		if begin := slices.Index(content.headings, "Before you begin"); slices.Index(content.headings, "Verify") == begin+1 {
			t.Errorf("%s: got sections %q, want Steps, or a section for each case, before Verify", name, content.headings)
		}
	}
}

func readTaskPage(t *testing.T, name string) taskPage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "tasks", name))
	if err != nil {
		t.Fatal(err)
	}
	page, err := parseTaskPage(string(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return page
}

// pageShell runs a page's commands in a folder, with the page's variables.
type pageShell struct {
	lab       *lab
	folder    string
	variables map[string]string
	recording string // where a command records its live view, "" nowhere
}

// environment has rerig, kubectl and the page's variables.
func (s pageShell) environment(t *testing.T) []string {
	t.Helper()
	bin := filepath.Join(s.folder, ".bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for program, path := range map[string]string{"rerig": rerigProgram(t), "kubectl": strings.TrimSpace(runLab(t, "path", "kubectl"))} {
		if err := os.Symlink(path, filepath.Join(bin, program)); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	env := []string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + s.folder, "KUBECONFIG=" + s.lab.kubeconfig}
	if s.recording != "" {
		env = append(env, "RERIG_RECORD="+s.recording)
	}
	for name, value := range s.variables {
		env = append(env, name+"="+value)
	}
	return env
}

// run runs one command and compares its output with the page.
func (s pageShell) run(t *testing.T, page string, c pageCommand) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	var out sharedBuffer
	cmd := exec.CommandContext(ctx, "bash", "-c", c.text)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.folder, s.environment(t), &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	before := ""
	if c.interrupt {
		eventually(t, runTimeout, func() error { return matchesLoosely(out.String(), c.before) })
		before = out.String()
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	err := cmd.Wait()
	got := strings.TrimPrefix(out.String(), before)
	if err != nil && !c.interrupt {
		t.Fatalf("%s:%d: %s: %v, output:\n%s", page, c.line, c.text, err, got)
	}
	if err := matchesLoosely(got, c.want); err != nil {
		t.Errorf("%s:%d: %s: %v in:\n%s", page, c.line, c.text, err, got)
	}
}

// sharedBuffer may be read while a process writes to it.
type sharedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *sharedBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *sharedBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// reinstall installs the old revision again as the lab did, gateways included. The new
// version gave each gateway a PodDisruptionBudget, which the old istioctl leaves.
func (l *lab) reinstall(t *testing.T, istioctl, operator string) {
	t.Helper()
	cmd := exec.Command(istioctl, "install", "--skip-confirmation", "-f", operator, "--kubeconfig", l.kubeconfig)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("install %s again: %v\n%s", oldRevision, err, out)
	}
	budgets := l.objects.Resource(resource("policy", "v1", "poddisruptionbudgets")).Namespace("istio-system")
	err := budgets.DeleteCollection(context.Background(), metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: "istio.io/rev=" + newRevision + ",operator.istio.io/component in (IngressGateways,EgressGateways)"})
	if err != nil {
		t.Errorf("delete the budgets of the gateways: %v", err)
	}
}

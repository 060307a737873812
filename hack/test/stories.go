// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/hack/labsize"
)

// storiesFolder is the package of the stories on the lab.
const storiesFolder = "test/stories"

var (
	// underLoad match the stories that measure traffic. They run last, alone, on
	// one real lab.
	underLoad = regexp.MustCompile(`UnderLoad$`)
	// exhaustive match the stories that interrupt a run at every write. Only
	// make test-all runs them.
	exhaustive = regexp.MustCompile(`AtEveryWrite$`)
	// harness match tests of the stories' own tools, which need no lab.
	harness = regexp.MustCompile(`^TestHarness`)
	// variations show further cases of what a story of make test shows. Only make
	// test-all runs them.
	variations = []string{
		"TestEveryKindOfBinding", "TestHelmGateway", "TestHelmGatewayServerSide", "TestInjectedGateways",
		"TestInstalledRevisionIsRemoved", "TestIstioctlGateways", "TestKilledWhileHelmInstalls",
		"TestMeshChangesDuringARun", "TestMixedSidecars", "TestMovedTagIsRemoved", "TestNamespaceIsDeletedEarly",
		"TestNamespacesInTwoRuns", "TestPartlyMovedBefore", "TestRecordIsDeletedDuringASwap",
		"TestServiceSelectsParkedPods", "TestStatefulSetNeverReady", "TestSwapIsHeldBeforeItStarts",
		"TestSwapRolledBackFromUnreadyPods", "TestSwapUnderAutoscalers", "TestSwapUnderLoad", "TestTagMovedBefore",
		"TestTargetRevisionIsRemoved", "TestTemplateChangesDuringASwap", "TestTrialOfEveryKind",
		"TestTrialUnderLoad", "TestTwoAtOnce", "TestUntaggedDefault",
	}
)

// selection is the stories of a run.
type selection struct {
	binary string
	hollow []string // they run on hollow labs, several at once
	load   []string
	left   []string // left to make test-all
}

// selectStories builds the stories and selects those that the options ask for.
func selectStories(ctx context.Context, o options) (selection, error) {
	s := selection{binary: filepath.Join("bin", "stories.test")}
	if output, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", s.binary, "./"+storiesFolder).CombinedOutput(); err != nil {
		return s, fmt.Errorf("build the stories: %w\n%s", err, output)
	}
	list, err := exec.CommandContext(ctx, s.binary, "-test.list", ".").Output()
	if err != nil {
		return s, fmt.Errorf("list the stories: %w", err)
	}
	names := strings.Fields(string(list))
	for _, name := range variations {
		if !slices.Contains(names, name) {
			return s, fmt.Errorf("no story is named %s: correct the variations in hack/test/stories.go", name)
		}
	}
	return s, s.sort(names, o)
}

// sort sorts the names of tests into the selection.
func (s *selection) sort(names []string, o options) error {
	pattern, err := regexp.Compile(o.stories)
	if err != nil {
		return fmt.Errorf("read the pattern of stories: %w", err)
	}
	for _, name := range names {
		switch {
		case !strings.HasPrefix(name, "Test") || harness.MatchString(name) || !pattern.MatchString(name):
		case (exhaustive.MatchString(name) || slices.Contains(variations, name)) && !o.all && o.stories == "":
			s.left = append(s.left, name)
		case underLoad.MatchString(name):
			s.load = append(s.load, name)
		default:
			s.hollow = append(s.hollow, name)
		}
	}
	return nil
}

// longestFirst orders stories so that the workers end at about the same time. Stories
// of unknown duration come first.
func longestFirst(names []string, took map[string]time.Duration) []string {
	expected := func(name string) time.Duration {
		if d, known := took[name]; known {
			return d
		}
		return time.Hour
	}
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(expected(b), expected(a)) })
	return names
}

// jobs returns one job per story on a hollow lab.
func (s selection) jobs(o options) (all []job) {
	page, _ := os.ReadFile(durationsPage) // without it any order will do
	for _, name := range longestFirst(s.hollow, readDurations(string(page))) {
		all = append(all, job{name: name, run: func(ctx context.Context, w *worker) []result {
			return runStories(ctx, o, s.binary, w.name, []string{name}, w.out)
		}})
	}
	return all
}

// startLoadLab starts the real lab while the last stories on hollow labs run. The
// first story under load starts it if this fails.
func startLoadLab(ctx context.Context, out io.Writer) {
	name := loadLabs() + "-real"
	labDown(ctx, name, io.Discard)
	if err := labCommand(ctx, io.Discard, "up", "--name", name, "--size", labsize.Real).Run(); err != nil {
		fmt.Fprintf(out, "lab up --name %s: %v\n", name, err)
	}
}

// loadStories runs the stories under load one by one, on one real lab.
func loadStories(ctx context.Context, o options, s selection, out io.Writer) []result {
	defer labDown(context.WithoutCancel(ctx), loadLabs()+"-real", out)
	return runStories(ctx, o, s.binary, loadLabs(), s.load, out)
}

// runStories runs stories one by one, on labs whose names begin with a prefix.
func runStories(ctx context.Context, o options, binary, labs string, names []string, out io.Writer) []result {
	broken := func(err error) []result {
		fmt.Fprintln(out, err)
		return []result{{name: strings.Join(names, ", "), verdict: failed, story: true}}
	}
	path, err := filepath.Abs(binary)
	if err != nil {
		return broken(err)
	}
	events, write, err := os.Pipe()
	if err != nil {
		return broken(err)
	}
	timeout := o.timeout * time.Duration(len(names))
	stories := exec.CommandContext(ctx, path, "-test.v=test2json", "-test.count=1", "-test.timeout="+timeout.String(),
		"-test.run=^("+strings.Join(names, "|")+")$")
	stories.Dir, stories.Env = storiesFolder, environment(o.storyEnvironment(labs))
	stories.Stdout, stories.Stderr = write, write
	// An interrupted story takes down the labs that it started.
	stories.Cancel = func() error { return stories.Process.Signal(os.Interrupt) }
	stories.WaitDelay = 2 * time.Minute
	convert := exec.CommandContext(context.WithoutCancel(ctx), "go", "tool", "test2json", "-t", "-p", storiesFolder)
	convert.Stdin, convert.Stderr = events, out
	parsed, err := convert.StdoutPipe()
	if err != nil {
		return broken(err)
	}
	if err := convert.Start(); err != nil {
		return broken(err)
	}
	events.Close()
	if err := stories.Start(); err != nil {
		write.Close()
		return broken(err)
	}
	write.Close()
	parser := eventParser{stories: true, out: out}
	results := parser.parse(parsed)
	err = stories.Wait()
	_ = convert.Wait() // the stories' own exit code counts
	if err != nil && count(results, failed) == 0 {
		return append(results, broken(err)...)
	}
	return results
}

// storyEnvironment tells stories the lab's size, the prefix of its name, and where
// the programs are. A plain go test does not set it, and skips the stories.
func (o options) storyEnvironment(labs string) []string {
	bin, _ := filepath.Abs("bin")
	env := []string{"RERIG_LAB_SIZE=" + o.size, "RERIG_BIN=" + bin, "RERIG_TEST_LABS=" + labs}
	if o.all {
		env = append(env, "RERIG_TEST_ALL=1")
	}
	return env
}

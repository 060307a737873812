// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/run"
)

// connector reaches the cluster that the global flags name.
type connector func(a *app) (run.Cluster, error)

// connect reaches the real cluster.
func connect(a *app) (run.Cluster, error) { return run.Connect(a.kubeconfig, a.context, a.root) }

// app is what all commands share: the streams and the global flags.
type app struct {
	Streams
	connect   connector
	clock     engine.Clock
	arguments []string // of the command line

	kubeconfig string
	context    string
	root       string // the namespace of istiod
	rootGiven  bool   // by the command line, not by default
	output     outputFormat
	noColor    bool
	verbose    int
	details    bool

	installerLine func(line string) // receives the lines of an installer; nil before the engine runs
}

func (a *app) flags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&a.kubeconfig, "kubeconfig", "", "kubeconfig `FILE` (default: $KUBECONFIG, or ~/.kube/config)")
	f.StringVar(&a.context, "context", "", "kubeconfig `CONTEXT` (default: the current one)")
	f.StringVar(&a.root, "istio-namespace", "istio-system", "`NAMESPACE` of istiod")
	f.StringVarP((*string)(&a.output), "output", "o", string(outputText), "output format: `text|json`")
	f.BoolVar(&a.noColor, "no-color", false, "no colors, even on a terminal")
	f.IntVarP(&a.verbose, "verbose", "v", 0,
		"log warnings and errors of the Kubernetes client to standard error, and its details up to this `LEVEL` (0 to 10)")
	cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if a.output != outputText && a.output != outputJSON {
			return usageError{fmt.Errorf("output format %q is unknown; use text or json", a.output)}
		}
		a.rootGiven = cmd.Flags().Changed("istio-namespace")
		a.setLogger(cmd.Flags().Changed("verbose"))
		return nil
	}
}

// setLogger has the Kubernetes client log to standard error, or not at all: its
// lines would run through the live view, and its errors are returned as well.
func (a *app) setLogger(verbose bool) {
	if !verbose {
		klog.SetLogger(logr.Discard())
		return
	}
	var flags flag.FlagSet
	klog.InitFlags(&flags)
	_ = flags.Set("v", strconv.Itoa(a.verbose)) // an integer is always accepted
	klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(a.Err), textlogger.Verbosity(a.verbose))))
}

// detailsFlag adds --details to a command with long output.
func (a *app) detailsFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.details, "details", false, "list every object and all evidence, however many lines that takes")
}

// open reaches the cluster and checks that the caller may do what the command is
// about to do, before anything is changed.
func (a *app) open(ctx context.Context, purpose run.Purpose) (run.Cluster, error) {
	c, err := a.connect(a)
	if err != nil {
		return nil, err
	}
	if err := run.Permitted(ctx, c, purpose); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// openRun reaches the cluster for a recorded run, in the root namespace that its record
// names, and returns the run.
func (a *app) openRun(ctx context.Context, purpose run.Purpose, name string) (run.Cluster, *run.Run, error) {
	root := ""
	if a.rootGiven {
		root = a.root
	}
	r, errFound := a.recorded(ctx, name, root)
	if errFound == nil {
		a.useRoot(r)
	}
	c, err := a.open(ctx, purpose)
	if err == nil && errFound != nil {
		c.Close()
		err = errFound
	}
	return c, r, err
}

// recorded returns a recorded run.
func (a *app) recorded(ctx context.Context, name, root string) (*run.Run, error) {
	c, err := a.connect(a)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return run.Named(ctx, c, name, root)
}

// useRoot uses the root namespace of a run from now on, where its record names one.
func (a *app) useRoot(r *run.Run) {
	if root := r.Spec.IstioNamespace; root != "" && root != a.root {
		a.tell("run %s is of the mesh whose istiod is in namespace %s: --istio-namespace %s is used", r.Name, root, root)
		a.root = root
	}
}

// openFor reaches the cluster for a run that is asked for. Its root namespace is that of
// the command line, of the file, of the recorded run of that name, or the default.
func (a *app) openFor(ctx context.Context, purpose run.Purpose, u *v1alpha1.MeshUpgrade) (run.Cluster, error) {
	switch {
	case a.rootGiven && u.Spec.IstioNamespace != "" && u.Spec.IstioNamespace != a.root:
		return nil, usageError{fmt.Errorf("read MeshUpgrade %s: spec.istioNamespace is %s and --istio-namespace is %s: give one of them",
			u.Name, u.Spec.IstioNamespace, a.root)}
	case u.Spec.IstioNamespace != "":
		a.root = u.Spec.IstioNamespace
	case !a.rootGiven:
		if r, err := a.recorded(ctx, u.Name, ""); err == nil {
			a.useRoot(r)
		}
	}
	u.Spec.IstioNamespace = a.root
	return a.open(ctx, purpose)
}

// environment is where installers run.
func (a *app) environment() run.Environment {
	return run.Environment{Kubeconfig: a.kubeconfig, Context: a.context, Root: a.root, Say: a.say, Announce: a.announce}
}

func (a *app) say(line string) {
	if a.installerLine != nil {
		a.installerLine(line)
	}
}

// announce writes, on a terminal, what takes a while.
func (a *app) announce(what string) {
	if _, ok := terminal(a.Err); ok {
		fmt.Fprintln(a.Err, what+" ...")
	}
}

// wallClock is the time of day.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

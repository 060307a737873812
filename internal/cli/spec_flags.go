// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/install"
)

// wish is what the flags of plan and upgrade say.
type wish struct {
	file     string // -f; then none of the others
	name     string
	to       string
	version  string
	operator string
	await    bool
	chart    string
	charts   string // the version of the chart
	repo     string
	values   []string
	carry    string
	base     bool
	istioctl string // about this machine, not about the mesh: goes with -f too

	namespaces []string
	selector   string
	waves      []string
	count      int

	parallel int
	ready    time.Duration
	soak     time.Duration
	putBack  bool

	way    string
	trial  string
	rules  []string
	tags   string
	labels string
	from   string
	remove bool

	set  *pflag.FlagSet
	said said // what of the spec was said
}

func (w *wish) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&w.file, "file", "f", "", "the MeshUpgrade `FILE`, in place of the flags below (- is standard input)")
	f.StringVar(&w.name, "name", "", "the run's `NAME`; without it to-REVISION")
	f.StringVar(&w.to, "to", "", "the `REVISION` to move to; without it the one named after the version that is installed (1-31-0 for 1.31.0)")
	f.StringVar(&w.version, "version", "", "its Istio `VERSION`; without it as the revision's name, the file or istioctl say")
	f.StringVar(&w.operator, "operator", "", "the IstioOperator `FILE` from which the revision is installed when it is not there")
	f.StringVar(&w.chart, "chart", "", "Istio's `CHART` istiod, from which Helm installs the revision when it is not there: a directory, oci://REGISTRY/istiod, or a name in --repo")
	f.StringVar(&w.repo, "repo", "", "the `URL` of the chart repository")
	f.StringVar(&w.charts, "chart-version", "", "the chart's `VERSION`; without it --version, or the newest")
	f.StringArrayVar(&w.values, "values", nil, "a `FILE` of values for the chart (may be repeated); they win over those that are carried over from the old revision")
	f.BoolVar(&w.base, "upgrade-base", false, "have Helm upgrade the release of Istio's chart base, with the CRDs of every revision, first")
	f.StringVar(&w.carry, "carry", "", "carry the values of this `REVISION` over, none for no values (default the one in use)")
	f.BoolVar(&w.await, "await", false, "install nothing: other hands (an operator, a provider, GitOps) bring the revision up; wait for it and judge it")
	f.StringVar(&w.istioctl, "istioctl", "", "the istioctl to install with (`PATH`); without it the one in PATH")
	f.StringSliceVarP(&w.namespaces, "namespace", "n", nil, "move this `NAMESPACE` (may be repeated); without -n and --selector: all that are bound to another revision")
	f.StringVarP(&w.selector, "selector", "l", "", "move the namespaces that this label `SELECTOR` matches")
	f.StringArrayVar(&w.waves, "wave", nil, "one wave's `NAMESPACES`, with commas (may be repeated, in order)")
	f.IntVar(&w.count, "waves", 0, "into how `MANY` waves the namespaces are divided (default 3)")
	f.IntVar(&w.parallel, "parallel", 0, "how `MANY` workloads restart at the same time (default 4)")
	f.DurationVar(&w.ready, "ready-timeout", 0, "how long the control plane, and each workload, may take to be ready and proven (default 10m)")
	f.DurationVar(&w.soak, "soak", 0, "how long each proven wave runs before the next (default 1m)")
	f.BoolVar(&w.putBack, "rollback-on-failure", false, "put a failing wave back")
	f.StringVar(&w.way, "way", "", "move workloads by `restart|swap` where no rule says otherwise (default restart)")
	f.StringVar(&w.trial, "trial", "", "try one pod of each restarted workload first: `none|in-service|out-of-service` (default none)")
	f.StringArrayVar(&w.rules, "workload", nil, "an exception, `KIND NAMESPACE/NAME=WAY` with * for any (may be repeated): restart, evict, swap, leave, or field:PATH")
	f.StringVar(&w.tags, "tags", "", "`move|keep` tags and the default (default move)")
	f.StringVar(&w.labels, "labels", "", "what becomes of labels that named a moved tag: `restore|explicit` (default restore)")
	f.StringVar(&w.from, "from", "", "the `REVISION` from which an upgrade was begun by other hands")
	f.BoolVar(&w.remove, "remove-old", false, "at the end, take the revision that nothing uses any more away")
	w.set = f
}

// besides are the flags that go with -f: they say nothing about the mesh.
var besides = map[string]bool{"file": true, "istioctl": true, "yes": true, "lease-duration": true, "patches": true,
	"kubeconfig": true, "context": true, "istio-namespace": true, "output": true, "no-color": true}

// upgrade is the MeshUpgrade that the flags, or the file, ask for.
func (w *wish) upgrade(ctx context.Context, s Streams) (*v1alpha1.MeshUpgrade, error) {
	u, err := w.asked(ctx, s)
	if err == nil {
		err = settled(u)
	}
	if err == nil {
		err = check(u)
	}
	if err == nil {
		err = checkSelected(u.Spec, w.said)
	}
	if err != nil {
		return nil, usageError{err}
	}
	return u, nil
}

func (w *wish) asked(ctx context.Context, s Streams) (*v1alpha1.MeshUpgrade, error) {
	if w.file == "" {
		w.said.fields = map[string]bool{}
		for _, f := range carriedFields {
			w.said.fields[f.name] = w.set.Changed(f.flag)
		}
		return w.fromFlags(ctx)
	}
	var extra []string
	w.set.Visit(func(f *pflag.Flag) {
		if !besides[f.Name] {
			extra = append(extra, "--"+f.Name)
		}
	})
	if len(extra) > 0 {
		return nil, fmt.Errorf("read the command line: -f and %s were both given; say it in the file", strings.Join(extra, ", "))
	}
	content, err := w.content(s)
	if err != nil {
		return nil, fmt.Errorf("read the MeshUpgrade file: %w", err)
	}
	u, err := cluster.ReadMeshUpgrade(content)
	if err != nil {
		return nil, err
	}
	w.said.file = w.file
	w.said.fields, err = cluster.SpecFields(content)
	if u.Name == "" {
		u.Name = nameFor(u.Spec.Revision)
	}
	return &u, err
}

func (w *wish) content(s Streams) ([]byte, error) {
	if w.file == "-" {
		return io.ReadAll(s.In)
	}
	return os.ReadFile(w.file)
}

func (w *wish) fromFlags(ctx context.Context) (*v1alpha1.MeshUpgrade, error) {
	u := &v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: w.name}}
	u.Spec = v1alpha1.MeshUpgradeSpec{Version: w.version, WaveCount: w.count, MaxParallel: w.parallel, RollbackOnFailure: w.putBack}
	if w.set.Changed("ready-timeout") {
		u.Spec.ReadyTimeout = &metav1.Duration{Duration: w.ready}
	}
	if w.set.Changed("soak") {
		u.Spec.Soak = &metav1.Duration{Duration: w.soak}
	}
	for _, wave := range w.waves {
		u.Spec.Waves = append(u.Spec.Waves, v1alpha1.Wave{Namespaces: list(wave)})
	}
	var err error
	if u.Spec.Namespaces, err = w.selection(); err != nil {
		return nil, err
	}
	u.Spec.Way, u.Spec.Trial, u.Spec.Tags, u.Spec.Labels = w.way, w.trial, w.tags, w.labels
	u.Spec.From, u.Spec.RemoveOld = w.from, w.remove
	if u.Spec.Workloads, err = rules(w.rules); err != nil {
		return nil, err
	}
	if err := w.install(u); err != nil {
		return nil, err
	}
	return u, w.call(ctx, u)
}

// install takes the IstioOperator file into the MeshUpgrade, so that the record
// holds everything that a run needs to go on.
func (w *wish) install(u *v1alpha1.MeshUpgrade) error {
	u.Spec.Await = w.await
	if err := w.helm(u); err != nil || w.operator == "" {
		return err
	}
	o, err := install.ReadOperator(w.operator)
	if err != nil {
		return err
	}
	raw, err := o.JSON()
	if err != nil {
		return fmt.Errorf("take the IstioOperator file %s over: %w", w.operator, err)
	}
	u.Spec.Install = &runtime.RawExtension{Raw: raw}
	return nil
}

func list(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// source says where the IstioOperator comes from, as far as the command line does.
func (w *wish) source() string {
	if w.operator != "" {
		return w.operator
	}
	if w.file == "" {
		return ""
	}
	return w.file + " (spec.install)"
}

func nameFor(revision string) string { return "to-" + revision }

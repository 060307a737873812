// SPDX-License-Identifier: Apache-2.0

// Package spec is the specification of a run: it reads a MeshUpgrade from flags
// or from a file, validates it, compares it with the one on record, and merges
// the two when a run continues.
package spec

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/rerig/rerig/api/v1alpha1"
)

// Spec is a MeshUpgrade's specification.
type Spec = v1alpha1.MeshUpgradeSpec

// Flags are the flags that specify a run.
type Flags struct {
	File     string // the MeshUpgrade file, "-" for standard input; excludes the flags of the specification
	Istioctl string // path of istioctl on this machine; allowed beside File

	// Stated tells, once MeshUpgrade has returned, which fields were given.
	Stated Stated

	// FormerNames are the flags that were given by their names in version 0.1, each
	// as "--former is now --current".
	FormerNames []string

	name     string
	revision string
	version  string

	operator     string
	await        bool
	chart        string
	chartVersion string
	repository   string
	values       []string
	inherit      string
	upgradeBase  bool

	namespaces []string
	selector   string
	excluded   []string
	waves      []string
	waveCount  int

	maxParallel       int
	readyTimeout      time.Duration
	soak              time.Duration
	rollbackOnFailure bool

	strategy  string
	trial     string
	rules     []string
	tags      string
	labels    string
	gateways  string
	parkMax   time.Duration
	from      string
	removeOld bool

	set *pflag.FlagSet
}

// Stated tells which fields of a specification a command states.
type Stated struct {
	Fields map[string]bool // by their names in the specification
	File   string          // the file that states them, "" for flags
}

// formerNames are the flags of version 0.1 that were renamed since.
var formerNames = map[string]string{"way": "strategy", "carry": "inherit"}

// AddTo defines the flags. Their former names work as well, and are not shown.
func (f *Flags) AddTo(set *pflag.FlagSet) {
	set.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if current, renamed := formerNames[name]; renamed {
			f.FormerNames = append(f.FormerNames, fmt.Sprintf("--%s is now --%s", name, current))
			name = current
		}
		return pflag.NormalizedName(name)
	})
	set.StringVarP(&f.File, "file", "f", "", "MeshUpgrade `FILE` to use instead of the flags below (- reads standard input)")
	set.StringVar(&f.name, "name", "", "`NAME` of the run (default to-REVISION)")
	set.StringVar(&f.revision, "to", "",
		"`REVISION` to move to (default: named after the installed version, such as 1-31-0 for 1.31.0)")
	set.StringVar(&f.version, "version", "",
		"Istio `VERSION` of that revision (default: from the revision's name, the IstioOperator file or istioctl)")
	f.addInstaller(set)
	f.addNamespaces(set)
	f.addStrategies(set)
	f.set = set
}

func (f *Flags) addInstaller(set *pflag.FlagSet) {
	set.StringVar(&f.operator, "operator", "", "IstioOperator `FILE` from which istioctl installs the revision if it does not exist")
	set.StringVar(&f.chart, "chart", "", "istiod `CHART` from which Helm installs the revision if it does not exist: "+
		"a directory, an archive, oci://REGISTRY/istiod, or a name in --repo")
	set.StringVar(&f.repository, "repo", "", "`URL` of the chart repository")
	set.StringVar(&f.chartVersion, "chart-version", "", "`VERSION` of the chart (default: --version, or the newest)")
	set.StringArrayVar(&f.values, "values", nil, "`FILE` of values for the chart (may be repeated); they override inherited values")
	set.BoolVar(&f.upgradeBase, "upgrade-base", false,
		"upgrade the Helm release of Istio's chart base, with the CRDs of every revision, first")
	set.StringVar(&f.inherit, "inherit", "", "`REVISION` whose Helm values the new revision inherits, or none (default: the one in use)")
	set.BoolVar(&f.await, "await", false,
		"install nothing: wait until another tool (an operator, a provider, GitOps) has installed the revision, then validate it")
	set.StringVar(&f.Istioctl, "istioctl", "", "`PATH` of the istioctl to install with (default: the one in PATH)")
}

func (f *Flags) addNamespaces(set *pflag.FlagSet) {
	set.StringSliceVarP(&f.namespaces, "namespace", "n", nil,
		"`NAMESPACE` to move (may be repeated; default, without --selector: every namespace that is bound to another revision)")
	set.StringVarP(&f.selector, "selector", "l", "", "label `SELECTOR` of the namespaces to move")
	set.StringSliceVar(&f.excluded, "exclude-namespace", nil, "`NAMESPACE` not to move, whatever selects it (may be repeated)")
	set.StringArrayVar(&f.waves, "wave", nil, "`NAMESPACES` of one wave, separated by commas (may be repeated, in order)")
	set.IntVar(&f.waveCount, "waves", 0, "`NUMBER` of waves to split the namespaces into (default 3)")
	set.IntVar(&f.maxParallel, "parallel", 0, "`NUMBER` of workloads that restart at the same time (default 4)")
	set.DurationVar(&f.readyTimeout, "ready-timeout", 0,
		"how long the control plane, and each workload, may take to be ready and verified (default 10m)")
	set.DurationVar(&f.soak, "soak", 0, "how long each verified wave runs before the next one starts (default 1m)")
	set.BoolVar(&f.rollbackOnFailure, "rollback-on-failure", false, "roll a failing wave back")
}

func (f *Flags) addStrategies(set *pflag.FlagSet) {
	set.StringVar(&f.strategy, "strategy", "", "how to move the workloads that no rule matches: `restart|swap` (default restart)")
	set.StringVar(&f.trial, "trial", "",
		"try the revision on one pod of each restarted workload first: `none|in-service|out-of-service` (default none)")
	set.StringArrayVar(&f.rules, "workload", nil, "rule for some workloads, `KIND NAMESPACE/NAME=STRATEGY` with * for any (may be repeated); "+
		"strategies are restart, evict, swap, held-rollout, leave and field:PATH")
	set.StringVar(&f.tags, "tags", "",
		"what to do with the revision tags, and the default revision, that bind moved namespaces: `move|keep` (default move)")
	set.StringVar(&f.labels, "labels", "",
		"what to do with labels that name a moved tag: `restore|explicit` (default restore)")
	set.StringVar(&f.gateways, "gateways", "",
		"when to move gateways: `last|first|with-their-namespace|leave` (default last)")
	set.DurationVar(&f.parkMax, "park-max", 0,
		"how long a swapped gateway's old pods wait, parked, for their connections to end, before these are cut (default 1h)")
	set.StringVar(&f.from, "from", "",
		"`REVISION` from which another tool or person started this upgrade; the namespaces moved already become part of the run")
	set.BoolVar(&f.removeOld, "remove-old", false, "remove the old revision at the end, if nothing uses it any more")
}

// changed reports whether a flag was given.
func (f *Flags) changed(name string) bool { return f.set.Changed(name) }

// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
)

// carried is a field of the spec that may change while a run goes on: what a
// command says of it is taken over into the record, what it does not say stays.
type carried struct {
	name string // in the spec
	flag string
	asks bool // it changes what is done: that is agreed to anew
	text func(v1alpha1.MeshUpgradeSpec) string
	take func(to *v1alpha1.MeshUpgradeSpec, from v1alpha1.MeshUpgradeSpec)
}

type spec = v1alpha1.MeshUpgradeSpec

var carriedFields = []carried{
	{"way", "way", true, func(s spec) string { return cmp.Or(s.Way, "restart") }, func(to *spec, from spec) { to.Way = from.Way }},
	{"trial", "trial", true, func(s spec) string { return cmp.Or(s.Trial, "none") }, func(to *spec, from spec) { to.Trial = from.Trial }},
	{"workloads", "workload", true, func(s spec) string { return rulesText(s.Workloads) }, func(to *spec, from spec) { to.Workloads = from.Workloads }},
	{"tags", "tags", true, func(s spec) string { return cmp.Or(s.Tags, "move") }, func(to *spec, from spec) { to.Tags = from.Tags }},
	{"labels", "labels", true, func(s spec) string { return cmp.Or(s.Labels, "restore") }, func(to *spec, from spec) { to.Labels = from.Labels }},
	{"from", "from", true, func(s spec) string { return cmp.Or(s.From, "none") }, func(to *spec, from spec) { to.From = from.From }},
	{"maxParallel", "parallel", false, func(s spec) string { return number(s.MaxParallel) }, func(to *spec, from spec) { to.MaxParallel = from.MaxParallel }},
	{"readyTimeout", "ready-timeout", false, func(s spec) string { return lasting(s.ReadyTimeout) }, func(to *spec, from spec) { to.ReadyTimeout = from.ReadyTimeout }},
	{"soak", "soak", false, func(s spec) string { return lasting(s.Soak) }, func(to *spec, from spec) { to.Soak = from.Soak }},
	{"rollbackOnFailure", "rollback-on-failure", false, func(s spec) string { return strconv.FormatBool(s.RollbackOnFailure) }, func(to *spec, from spec) { to.RollbackOnFailure = from.RollbackOnFailure }},
	{"removeOld", "remove-old", false, func(s spec) string { return strconv.FormatBool(s.RemoveOld) }, func(to *spec, from spec) { to.RemoveOld = from.RemoveOld }},
}

const byDefault = "the default"

func number(n int) string {
	if n == 0 {
		return byDefault
	}
	return strconv.Itoa(n)
}

func lasting(d *metav1.Duration) string {
	if d == nil {
		return byDefault
	}
	return d.Duration.String()
}

// said are the fields of a spec that a command says, and whether a file says them.
type said struct {
	fields map[string]bool
	file   string
}

// change is a field that a command gives another value than the one on record.
type change struct {
	carried
	was, now string
}

func (c change) String() string { return fmt.Sprintf("spec.%s: %s -> %s", c.name, c.was, c.now) }

// carriedOver is the spec on record with what a command says now, and what of it
// changes. The rules of a file are all that there are; those of a command line come
// after the ones on record, so that they count before them.
func carriedOver(asked, kept spec, s said) (spec, []change) {
	if s.file == "" {
		asked.Workloads = append(without(kept.Workloads, asked.Workloads), asked.Workloads...)
	}
	var changes []change
	for _, f := range carriedFields {
		was, now := f.text(kept), f.text(asked)
		if s.fields[f.name] && was != now {
			f.take(&kept, asked)
			changes = append(changes, change{f, was, now})
		}
	}
	return kept, changes
}

// without are the rules that are not among some others.
func without(rules, others []v1alpha1.WorkloadRule) []v1alpha1.WorkloadRule {
	return slices.DeleteFunc(slices.Clone(rules), func(r v1alpha1.WorkloadRule) bool { return slices.Contains(others, r) })
}

// carriedOnly is a spec of nothing but what may change while a run goes on.
func carriedOnly(s spec) spec {
	var only spec
	for _, f := range carriedFields {
		f.take(&only, s)
	}
	return only
}

// unsaid tells what is on record, is not the default, and is not said by a file
// that says the rest: it stays.
func unsaid(kept spec, s said) []string {
	var list []string
	for _, f := range carriedFields {
		if was := f.text(kept); s.file != "" && !s.fields[f.name] && was != f.text(spec{}) {
			list = append(list, fmt.Sprintf("spec.%s (%s)", f.name, was))
		}
	}
	return list
}

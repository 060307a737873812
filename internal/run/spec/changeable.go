// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"cmp"
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// field is a field of the specification that may change while a run is
// unfinished: a command that states it changes the record, one that does not
// leaves it.
type field struct {
	name     string // in the specification
	flag     string
	approval bool // it changes what is done, so that the plan needs a new approval
	text     func(Spec) string
	copy     func(to *Spec, from Spec)
}

var changeable = []field{
	{name: "strategy", flag: "strategy", approval: true,
		text: func(s Spec) string { return cmp.Or(s.Strategy, "restart") }, copy: func(to *Spec, from Spec) { to.Strategy = from.Strategy }},
	{name: "trial", flag: "trial", approval: true,
		text: func(s Spec) string { return cmp.Or(s.Trial, "none") }, copy: func(to *Spec, from Spec) { to.Trial = from.Trial }},
	{name: "workloads", flag: "workload", approval: true,
		text: func(s Spec) string { return rulesText(s.Workloads) }, copy: func(to *Spec, from Spec) { to.Workloads = from.Workloads }},
	{name: "tags", flag: "tags", approval: true,
		text: func(s Spec) string { return cmp.Or(s.Tags, "move") }, copy: func(to *Spec, from Spec) { to.Tags = from.Tags }},
	{name: "labels", flag: "labels", approval: true,
		text: func(s Spec) string { return cmp.Or(s.Labels, "restore") }, copy: func(to *Spec, from Spec) { to.Labels = from.Labels }},
	{name: "from", flag: "from", approval: true,
		text: func(s Spec) string { return cmp.Or(s.From, "none") }, copy: func(to *Spec, from Spec) { to.From = from.From }},
	{name: "maxParallel", flag: "parallel",
		text: func(s Spec) string { return numberText(s.MaxParallel) }, copy: func(to *Spec, from Spec) { to.MaxParallel = from.MaxParallel }},
	{name: "readyTimeout", flag: "ready-timeout",
		text: func(s Spec) string { return durationText(s.ReadyTimeout) },
		copy: func(to *Spec, from Spec) { to.ReadyTimeout = from.ReadyTimeout }},
	{name: "soak", flag: "soak",
		text: func(s Spec) string { return durationText(s.Soak) }, copy: func(to *Spec, from Spec) { to.Soak = from.Soak }},
	{name: "parkMax", flag: "park-max",
		text: func(s Spec) string { return durationText(s.ParkMax) }, copy: func(to *Spec, from Spec) { to.ParkMax = from.ParkMax }},
	{name: "rollbackOnFailure", flag: "rollback-on-failure",
		text: func(s Spec) string { return strconv.FormatBool(s.RollbackOnFailure) },
		copy: func(to *Spec, from Spec) { to.RollbackOnFailure = from.RollbackOnFailure }},
	{name: "removeOld", flag: "remove-old",
		text: func(s Spec) string { return strconv.FormatBool(s.RemoveOld) }, copy: func(to *Spec, from Spec) { to.RemoveOld = from.RemoveOld }},
}

const defaultText = "the default"

func numberText(n int) string {
	if n == 0 {
		return defaultText
	}
	return strconv.Itoa(n)
}

func durationText(d *metav1.Duration) string {
	if d == nil {
		return defaultText
	}
	return d.Duration.String()
}

// Change is a field to which a command gives another value than the recorded one.
type Change struct {
	Field         string // its name in the specification
	Was, Now      string
	NeedsApproval bool // it changes what is done
}

func (c Change) String() string { return fmt.Sprintf("spec.%s: %s -> %s", c.Field, c.Was, c.Now) }

// Merge returns the recorded specification with the fields that a command states
// now, and what that changes. The rules of a file replace the recorded ones;
// those of flags are appended, so that they win.
func Merge(asked, recorded Spec, stated Stated) (Spec, []Change) {
	if stated.File == "" {
		asked.Workloads = append(rulesWithout(recorded.Workloads, asked.Workloads), asked.Workloads...)
	}
	var changes []Change
	for _, f := range changeable {
		was, now := f.text(recorded), f.text(asked)
		if stated.Fields[f.name] && was != now {
			f.copy(&recorded, asked)
			changes = append(changes, Change{Field: f.name, Was: was, Now: now, NeedsApproval: f.approval})
		}
	}
	return recorded, changes
}

// CopyChangeable copies the fields that may change while a run is unfinished.
func CopyChangeable(to *Spec, from Spec) {
	for _, f := range changeable {
		f.copy(to, from)
	}
}

// Changeable returns a specification of nothing but the fields that may change
// while a run is unfinished.
func Changeable(s Spec) Spec {
	var only Spec
	CopyChangeable(&only, s)
	return only
}

// ChangeableDifferences lists the changeable fields, among those that a command
// asks for, whose recorded value is another one.
func ChangeableDifferences(asked, recorded Spec, asks func(field string) bool) []string {
	var fields []string
	for _, f := range changeable {
		if was, now := f.text(recorded), f.text(asked); asks(f.name) && was != now {
			fields = append(fields, fmt.Sprintf("spec.%s (%s, here %s)", f.name, was, now))
		}
	}
	return fields
}

// Unstated lists the recorded fields that differ from their defaults and that a
// file does not state: they stay as recorded.
func Unstated(recorded Spec, stated Stated) []string {
	if stated.File == "" {
		return nil
	}
	var fields []string
	for _, f := range changeable {
		if was := f.text(recorded); !stated.Fields[f.name] && was != f.text(Spec{}) {
			fields = append(fields, fmt.Sprintf("spec.%s (%s)", f.name, was))
		}
	}
	return fields
}

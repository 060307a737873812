// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// takes are the labels that take a pod out of every Service that selects it, and
// out of what counts the pods that serve, budgets and autoscalers: as few as it
// needs, and rather such as no rule goes by. A Service that has only some of the
// pods is left by those that it has: nobody else is given its labels.
func takes(wl mesh.Workload, p mesh.Pod) map[string]string {
	wl.Services = slices.DeleteFunc(slices.Clone(wl.Services), func(s mesh.Service) bool { return s.Partial && !slices.Contains(p.Endpoints, s.Name) })
	labels := labelled(wl)
	var selectors []mesh.Selector
	for _, s := range wl.Services {
		selectors = append(selectors, requiring(s.Selector))
	}
	for _, o := range wl.Others {
		if o.Does.Tallies() && o.Selector.Matches(labels) {
			selectors = append(selectors, o.Selector)
		}
	}
	taken := map[string]string{}
	for _, s := range selectors {
		if !s.Matches(without(labels, taken)) {
			continue
		}
		if key := best(wl, selectors, s); key != "" {
			taken[key] = labels[key]
		}
	}
	return taken
}

// labelled are the labels of a workload's own pods: its template's, and those by
// which the Services do select them.
func labelled(wl mesh.Workload) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, wl.Template.Labels)
	for _, s := range wl.Services {
		maps.Copy(labels, s.Selector)
	}
	labels[HashLabel] = cmp.Or(wl.Set, "its-own")
	return labels
}

func requiring(labels map[string]string) mesh.Selector {
	var s mesh.Selector
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		s = append(s, mesh.Requirement{Key: key, Operator: mesh.In, Values: []string{labels[key]}})
	}
	return s
}

// best is the key without which a pod is not selected any more that the fewest
// rules go by; of several the one that most Services and counts go by, then the
// first by name. The hash is none: a released pod has another one, and serves.
func best(wl mesh.Workload, selectors []mesh.Selector, s mesh.Selector) string {
	key, rules, most := "", 0, 0
	for _, r := range s {
		if r.Key == HashLabel || r.Operator == mesh.NotIn || r.Operator == mesh.DoesNotExist {
			continue
		}
		hurt, n := 0, 0
		for _, o := range wl.Others {
			if o.Does == mesh.Rules && goesBy(o.Selector, r.Key) {
				hurt++
			}
		}
		for _, other := range selectors {
			if goesBy(other, r.Key) {
				n++
			}
		}
		if key == "" || cmp.Or(cmp.Compare(hurt, rules), cmp.Compare(most, n), cmp.Compare(r.Key, key)) < 0 {
			key, rules, most = r.Key, hurt, n
		}
	}
	return key
}

func goesBy(s mesh.Selector, key string) bool {
	return slices.ContainsFunc(s, func(r mesh.Requirement) bool { return r.Key == key })
}

func without(labels, taken map[string]string) map[string]string {
	left := maps.Clone(labels)
	for key := range taken {
		delete(left, key)
	}
	return left
}

// byOthers looks for what else goes by the labels that a swap changes: on its
// released pods the hash, on its parked ones those as well that are taken away.
func byOthers(wl mesh.Workload) string {
	own, taken := labelled(wl), takes(wl, mesh.Pod{})
	released := maps.Clone(own)
	released[HashLabel], released[KeepLabel] = runHash(""), keep(wl.Key())
	parked := without(released, taken)
	for _, o := range wl.Others {
		is, then, last := o.Selector.Matches(own), o.Selector.Matches(released), o.Selector.Matches(parked)
		what := cmp.Or(o.Part, "its selector")
		switch {
		case o.Does == mesh.Hidden:
			return fmt.Sprintf("whether anything else goes by its pods' labels is not known: you may not list %s", o.Subject)
		case o.Does == mesh.Sends && is:
			return fmt.Sprintf("%s sends requests to its pods as well (%s), and nothing tells when they have ceased", o.Subject, what)
		case o.Does == mesh.Adopts && (then || last):
			return fmt.Sprintf("%s would take its released pods for its own: %s matches them", o.Subject, what)
		case o.Does == mesh.Counts && (is != then || last):
			return fmt.Sprintf("%s would count its parked pods as ones that serve, and let as many that do be evicted: %s matches them", o.Subject, what)
		case o.Does == mesh.Scales && last:
			return fmt.Sprintf("%s would count its parked pods, and have more pods made, or fewer, for their sake: %s matches them", o.Subject, what)
		case o.Does == mesh.Rules && (is != then || is != last):
			return fmt.Sprintf("%s goes by the labels that a parked pod loses (%s), and would cease or begin to hold for what it still works on: %s",
				o.Subject, what, cmp.Or(lost(wl, o, taken), "have its Services select by a label that nothing else goes by"))
		}
	}
	return ""
}

// lost says for which count, beside the Services, a pod loses labels that a rule
// goes by: no other label of the Services helps then.
func lost(wl mesh.Workload, rule mesh.Selecting, taken map[string]string) string {
	for _, o := range wl.Others {
		for _, key := range slices.Sorted(maps.Keys(taken)) {
			if o.Does.Tallies() && goesBy(o.Selector, key) && goesBy(rule.Selector, key) {
				return fmt.Sprintf("it has to lose %s so that %s does not count it", key, o.Subject)
			}
		}
	}
	return ""
}

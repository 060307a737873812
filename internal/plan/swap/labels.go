// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// LabelsToRemove are the labels that take a pod out of every Service that selects it, and
// out of what counts the pods that serve, budgets and autoscalers: as few as it
// needs, and rather such as no rule goes by. A Service that has only some of the
// pods is left by those that it has: nobody else is given its labels.
func LabelsToRemove(wl mesh.Workload, p mesh.Pod) map[string]string {
	wl.Services = slices.DeleteFunc(slices.Clone(wl.Services), func(s mesh.Service) bool { return s.Partial && !slices.Contains(p.Endpoints, s.Name) })
	labels := podLabels(wl)
	var selectors []mesh.Selector
	for _, s := range wl.Services {
		selectors = append(selectors, selectorOf(s.Selector))
	}
	for _, o := range wl.Selectors {
		if o.Effect.CountsPods() && o.Selector.Matches(labels) {
			selectors = append(selectors, o.Selector)
		}
	}
	taken := map[string]string{}
	for _, s := range selectors {
		if !s.Matches(withoutLabels(labels, taken)) {
			continue
		}
		if key := labelToRemove(wl, selectors, s); key != "" {
			taken[key] = labels[key]
		}
	}
	return taken
}

// podLabels are the labels of a workload's own pods: its template's, and those by
// which the Services do select them.
func podLabels(wl mesh.Workload) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, wl.Template.Labels)
	for _, s := range wl.Services {
		maps.Copy(labels, s.Selector)
	}
	labels[HashLabel] = cmp.Or(wl.ReplicaSetHash, "its-own")
	return labels
}

func selectorOf(labels map[string]string) mesh.Selector {
	var s mesh.Selector
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		s = append(s, mesh.Requirement{Key: key, Operator: mesh.In, Values: []string{labels[key]}})
	}
	return s
}

// labelToRemove is the key without which a pod is not selected any more that the fewest
// rules go by; of several the one that most Services and counts go by, then the
// first by name. The hash is none: a released pod has another one, and serves.
func labelToRemove(wl mesh.Workload, selectors []mesh.Selector, s mesh.Selector) string {
	key, rules, most := "", 0, 0
	for _, r := range s {
		if r.Key == HashLabel || r.Operator == mesh.NotIn || r.Operator == mesh.DoesNotExist {
			continue
		}
		hurt, n := 0, 0
		for _, o := range wl.Selectors {
			if o.Effect == mesh.SetsPolicy && selectsBy(o.Selector, r.Key) {
				hurt++
			}
		}
		for _, other := range selectors {
			if selectsBy(other, r.Key) {
				n++
			}
		}
		if key == "" || cmp.Or(cmp.Compare(hurt, rules), cmp.Compare(most, n), cmp.Compare(r.Key, key)) < 0 {
			key, rules, most = r.Key, hurt, n
		}
	}
	return key
}

func selectsBy(s mesh.Selector, key string) bool {
	return slices.ContainsFunc(s, func(r mesh.Requirement) bool { return r.Key == key })
}

func withoutLabels(labels, taken map[string]string) map[string]string {
	left := maps.Clone(labels)
	for key := range taken {
		delete(left, key)
	}
	return left
}

// unfitSelectors looks for what else goes by the labels that a swap changes: on its
// released pods the hash, on its parked ones those as well that are taken away.
func unfitSelectors(wl mesh.Workload) string {
	own, taken := podLabels(wl), LabelsToRemove(wl, mesh.Pod{})
	released := maps.Clone(own)
	released[HashLabel], released[KeepLabel] = detachedHash(""), KeeperName(wl.Ref())
	parked := withoutLabels(released, taken)
	for _, o := range wl.Selectors {
		is, then, last := o.Selector.Matches(own), o.Selector.Matches(released), o.Selector.Matches(parked)
		what := cmp.Or(o.Part, "its selector")
		switch {
		case o.Effect == mesh.NotListable:
			return fmt.Sprintf("whether anything else goes by its pods' labels is not known: you may not list %s", o.Subject)
		case o.Effect == mesh.SendsTraffic && is:
			return fmt.Sprintf("%s sends requests to its pods as well (%s), and nothing tells when they have ceased", o.Subject, what)
		case o.Effect == mesh.AdoptsPods && (then || last):
			return fmt.Sprintf("%s would take its released pods for its own: %s matches them", o.Subject, what)
		case o.Effect == mesh.CountsReady && (is != then || last):
			return fmt.Sprintf("%s would count its parked pods as ones that serve, and let as many that do be evicted: %s matches them", o.Subject, what)
		case o.Effect == mesh.ScalesPods && last:
			return fmt.Sprintf("%s would count its parked pods, and have more pods made, or fewer, for their sake: %s matches them", o.Subject, what)
		case o.Effect == mesh.SetsPolicy && (is != then || is != last):
			return fmt.Sprintf("%s goes by the labels that a parked pod loses (%s), and would cease or begin to hold for what it still works on: %s",
				o.Subject, what, cmp.Or(forcedBy(wl, o, taken), "have its Services select by a label that nothing else goes by"))
		}
	}
	return ""
}

// forcedBy says for which count, beside the Services, a pod loses labels that a rule
// goes by: no other label of the Services helps then.
func forcedBy(wl mesh.Workload, rule mesh.PodSelector, taken map[string]string) string {
	for _, o := range wl.Selectors {
		for _, key := range slices.Sorted(maps.Keys(taken)) {
			if o.Effect.CountsPods() && selectsBy(o.Selector, key) && selectsBy(rule.Selector, key) {
				return fmt.Sprintf("it has to lose %s so that %s does not count it", key, o.Subject)
			}
		}
	}
	return ""
}

// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// labelsToRemove returns the labels whose removal takes a pod out of every Service that
// selects it, and out of what counts ready pods (PodDisruptionBudgets, autoscalers): as
// few as possible, and preferably none that a policy selects by. Of a Service that
// selects only some of the pods, only those pods are removed out.
func labelsToRemove(wl mesh.Workload, p mesh.Pod) map[string]string {
	wl.Services = slices.DeleteFunc(
		slices.Clone(wl.Services),
		func(s mesh.Service) bool { return s.Partial && !slices.Contains(p.Endpoints, s.Name) },
	)
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
	removed := map[string]string{}
	for _, s := range selectors {
		if !s.Matches(withoutLabels(labels, removed)) {
			continue
		}
		if key := labelToRemove(wl, selectors, s); key != "" {
			removed[key] = labels[key]
		}
	}
	return removed
}

// podLabels returns the labels of a workload's own pods: its template's, and those by
// which Services select them.
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

// labelToRemove returns the key without which a selector no longer matches: the one that
// the fewest policies select by, then the one that most Services and counts select by,
// then the first by name. It is never the hash: a detached pod has another one and
// serves.
func labelToRemove(wl mesh.Workload, selectors []mesh.Selector, s mesh.Selector) string {
	key, rules, others := "", 0, 0
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
		if key == "" || cmp.Or(cmp.Compare(hurt, rules), cmp.Compare(others, n), cmp.Compare(r.Key, key)) < 0 {
			key, rules, others = r.Key, hurt, n
		}
	}
	return key
}

func selectsBy(s mesh.Selector, key string) bool {
	return slices.ContainsFunc(s, func(r mesh.Requirement) bool { return r.Key == key })
}

func withoutLabels(labels, removed map[string]string) map[string]string {
	left := maps.Clone(labels)
	for key := range removed {
		delete(left, key)
	}
	return left
}

// unfitSelectors returns which other object selects by labels that a swap changes: the
// hash of detached pods, and the removed labels of parked pods; "" for none.
func unfitSelectors(wl mesh.Workload) string {
	own, removed := podLabels(wl), labelsToRemove(wl, mesh.Pod{})
	detached := maps.Clone(own)
	detached[HashLabel], detached[KeepLabel] = detachedHash(""), keeperName(wl.Ref())
	parked := withoutLabels(detached, removed)
	for _, o := range wl.Selectors {
		is, then, last := o.Selector.Matches(own), o.Selector.Matches(detached), o.Selector.Matches(parked)
		what := cmp.Or(o.Part, "its selector")
		switch {
		case o.Effect == mesh.NotListable:
			return fmt.Sprintf("other selectors of its pods' labels are not known: you may not list %s", o.Subject)
		case o.Effect == mesh.SendsTraffic && is:
			return fmt.Sprintf("%s sends requests to its pods as well (%s), and their end cannot be observed", o.Subject, what)
		case o.Effect == mesh.OwnsOrphans && (then || last):
			return fmt.Sprintf("%s would take control of its detached pods: %s matches them", o.Subject, what)
		case o.Effect == mesh.CountsReady && (is != then || last):
			return fmt.Sprintf(
				"%s would count its parked pods as ready, and allow as many ready pods to be evicted: %s matches them",
				o.Subject, what,
			)
		case o.Effect == mesh.ScalesPods && last:
			return fmt.Sprintf("%s would count its parked pods when it scales: %s matches them", o.Subject, what)
		case o.Effect == mesh.SetsPolicy && (is != then || is != last):
			return fmt.Sprintf("%s selects by labels that a parked pod loses (%s), and would no longer apply, or newly apply, to its open "+
				"requests: %s",
				o.Subject, what, cmp.Or(forcedBy(wl, o, removed), "let its Services select by a label that nothing else selects by"))
		}
	}
	return ""
}

// forcedBy says which counting object, beside the Services, makes a pod lose a label
// that a policy selects by: then no other label of the Services helps.
func forcedBy(wl mesh.Workload, rule mesh.PodSelector, removed map[string]string) string {
	for _, o := range wl.Selectors {
		for _, key := range slices.Sorted(maps.Keys(removed)) {
			if o.Effect.CountsPods() && selectsBy(o.Selector, key) && selectsBy(rule.Selector, key) {
				return fmt.Sprintf("it has to lose %s, or %s would count it", key, o.Subject)
			}
		}
	}
	return ""
}

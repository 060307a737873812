// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// selectorOf writes a label selector as requirements. None, as in a webhook that
// leaves it out, matches everything.
func selectorOf(s *metav1.LabelSelector) mesh.Selector {
	if s == nil {
		return nil
	}
	var list mesh.Selector
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		list = append(list, mesh.Requirement{Key: key, Operator: mesh.In, Values: []string{s.MatchLabels[key]}})
	}
	for _, e := range s.MatchExpressions {
		list = append(list, mesh.Requirement{Key: e.Key, Operator: mesh.Operator(e.Operator), Values: e.Values})
	}
	return list
}

// selectsRevision reports whether a selector names the label istio.io/rev: a
// template's labels have to match it, and it cannot be changed.
func selectsRevision(s *metav1.LabelSelector) bool {
	return slices.ContainsFunc(selectorOf(s), func(r mesh.Requirement) bool { return r.Key == mesh.RevisionLabel })
}

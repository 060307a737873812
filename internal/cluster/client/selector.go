// SPDX-License-Identifier: Apache-2.0

package client

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// Selector returns a label selector as requirements. A selector that is left out,
// as in a webhook, matches everything.
func Selector(s *metav1.LabelSelector) mesh.Selector {
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

// SelectsRevision reports whether a selector names the label istio.io/rev: the
// labels of a template then have to match it, and it cannot be changed.
func SelectsRevision(s *metav1.LabelSelector) bool {
	return slices.ContainsFunc(Selector(s), func(r mesh.Requirement) bool { return r.Key == mesh.RevisionLabel })
}

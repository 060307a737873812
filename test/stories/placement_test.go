// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// placement is the wanted revision of each of the shop's namespaces.
type placement map[string]string

// everywhere returns the placement with every namespace on one revision.
func everywhere(revision string) placement {
	s := placement{}
	for _, ns := range shopNamespaces {
		s[ns] = revision
	}
	return s
}

// checkPlacement returns an error until each of the shop's workloads is rolled out, each
// pod has the sidecar of the wanted revision, and only that revision's istiods serve it,
// with everything acknowledged.
func (l *lab) checkPlacement(t *testing.T, want placement) error {
	t.Helper()
	for _, o := range l.workloadsOf(t) {
		if err := rolledOut(o); err != nil {
			return err
		}
	}
	served := map[string]map[string]link{}
	for _, revision := range []string{oldRevision, newRevision} {
		links, err := l.proxies(t, revision)
		if err != nil {
			return err
		}
		served[revision] = links
	}
	pods := l.shopPods(t)
	if len(pods) < 13 {
		return fmt.Errorf("only %d pods of the shop run", len(pods))
	}
	for _, p := range pods {
		wanted := want[p.Namespace]
		if has := sidecar(p); has != wanted {
			return fmt.Errorf("pod %s/%s carries a sidecar of %q, want %s", p.Namespace, p.Name, has, wanted)
		}
		for revision, links := range served {
			k, here := links[p.Name+"."+p.Namespace]
			switch {
			case here != (revision == wanted):
				return fmt.Errorf("pod %s/%s served by %s: %t, want %t", p.Namespace, p.Name, revision, here, revision == wanted)
			case here && k.fault() != "":
				return errors.New(k.fault())
			case here && k.Version != versions[revision]:
				return fmt.Errorf("the proxy of %s is of version %s, its istiod of %s", k.Proxy, k.Version, versions[revision])
			}
		}
	}
	return nil
}

var versions = map[string]string{oldRevision: oldVersion, newRevision: newVersion}

// requirePlacement requires a placement at once, since rerig reported success.
func (l *lab) requirePlacement(t *testing.T, want placement) {
	t.Helper()
	if err := l.checkPlacement(t, want); err != nil {
		t.Errorf("the shop by the wire: %v", err)
	}
}

// waitPlacement waits for a placement.
func (l *lab) waitPlacement(t *testing.T, want placement) {
	t.Helper()
	eventually(t, time.Minute, func() error { return l.checkPlacement(t, want) })
}

// requireLabels requires the labels that bind the namespaces: the revision's name, or
// their own labels once the default has moved to it.
func (l *lab) requireLabels(t *testing.T, want placement) {
	t.Helper()
	for _, o := range l.list(t.Context(), t, namespaces, "") {
		revision, ours := want[o.GetName()]
		if !ours {
			continue
		}
		labels := o.GetLabels()
		_, injection := labels["istio-injection"]
		own := injection && shopLabels[o.GetName()]["istio-injection"] != nil && l.tagRevision(t, "default") == newRevision
		if revision == newRevision && !own && (labels["istio.io/rev"] != newRevision || injection) {
			t.Errorf("namespace %s is labelled %v, want istio.io/rev=%s alone", o.GetName(), labels, newRevision)
		}
		for key, value := range shopLabels[o.GetName()] {
			has, there := labels[key]
			if revision == oldRevision && (there != (value != nil) || there && has != value) {
				t.Errorf("namespace %s is labelled %v, want %v", o.GetName(), labels, shopLabels[o.GetName()])
			}
		}
	}
}

// tagRevision returns the revision that a tag points to, or "" without that tag.
func (l *lab) tagRevision(t *testing.T, tag string) string {
	t.Helper()
	for _, o := range l.list(t.Context(), t, resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"),
		"istio.io/tag="+tag) {
		return o.GetLabels()["istio.io/rev"]
	}
	return ""
}

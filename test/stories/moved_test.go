// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// stand is where the shop's namespaces should be: namespace -> revision.
type stand map[string]string

// all is the stand with every namespace on one revision.
func all(revision string) stand {
	s := stand{}
	for _, ns := range shopNamespaces {
		s[ns] = revision
	}
	return s
}

// standing says what is missing until each of the shop's workloads is rolled
// out, each of its pods carries the revision's sidecar, and that revision's
// istiods, and no others, serve it with everything acknowledged.
func (l *lab) standing(t *testing.T, want stand) error {
	t.Helper()
	for _, o := range l.workloadsOf(t) {
		if err := rolled(o); err != nil {
			return err
		}
	}
	served := map[string]map[string]link{}
	for _, revision := range []string{oldRevision, newRevision} {
		links, err := l.wire(t, revision)
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

// stands demands that the shop is where it should be, at once: rerig has said so.
func (l *lab) stands(t *testing.T, want stand) {
	t.Helper()
	if err := l.standing(t, want); err != nil {
		t.Errorf("the shop by the wire: %v", err)
	}
}

// settles waits until the shop is where it should be.
func (l *lab) settles(t *testing.T, want stand) {
	t.Helper()
	eventually(t, time.Minute, func() error { return l.standing(t, want) })
}

// labelled demands the labels by which the namespaces are bound: the revision
// itself, or their own again once the default was moved to it.
func (l *lab) labelled(t *testing.T, want stand) {
	t.Helper()
	for _, o := range l.list(t.Context(), t, namespaces, "") {
		revision, ours := want[o.GetName()]
		if !ours {
			continue
		}
		labels := o.GetLabels()
		_, injection := labels["istio-injection"]
		own := injection && shopLabels[o.GetName()]["istio-injection"] != nil && l.tagAt(t, "default") == newRevision
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

// tagAt is the revision that a tag's webhook calls, "" when there is none.
func (l *lab) tagAt(t *testing.T, tag string) string {
	t.Helper()
	for _, o := range l.list(t.Context(), t, resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"), "istio.io/tag="+tag) {
		return o.GetLabels()["istio.io/rev"]
	}
	return ""
}

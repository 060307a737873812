// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// istiodApp is the value of the label app on all that is istiod's.
const istiodApp = "istiod"

// plane is an istiod Deployment.
type plane struct {
	revision string
	wanted   int
	ready    int
	bundled  bool
}

// revisionsOf puts the control planes together: each one that has an istiod
// Deployment or injection webhooks of its own. services are the names of the
// Services in the root namespace.
func revisionsOf(root string, planes []plane, hooks []mesh.Webhook, services []string, istiods map[string][]mesh.Istiod) []mesh.Revision {
	found := map[string]*mesh.Revision{}
	at := func(name string) *mesh.Revision {
		if found[name] == nil {
			found[name] = &mesh.Revision{Name: name, Istiods: istiods[name], Version: versionOf(istiods[name])}
		}
		return found[name]
	}
	deployed, hooked, called := map[string]bool{}, map[string]bool{}, map[string]string{}
	for _, p := range planes {
		deployed[p.revision] = true
		r := at(p.revision)
		r.Replicas, r.Ready, r.UsesTrustBundle = r.Replicas+p.wanted, r.Ready+p.ready, r.UsesTrustBundle || p.bundled
	}
	for _, h := range hooks {
		if h.Tag == "" {
			hooked[h.Revision], called[h.Revision] = true, h.Service
			at(h.Revision)
		}
	}
	for name, r := range found {
		if !deployed[name] {
			r.Missing = append(r.Missing, "Deployment "+revisioned("istiod", name))
		}
		if s := serviceOf(root, name, called[name]); s != "" && !slices.Contains(services, s) {
			r.Missing = append(r.Missing, "Service "+s)
		}
		if !hooked[name] {
			r.Missing = append(r.Missing, "webhook "+hookName(root, name))
		}
	}
	list := make([]mesh.Revision, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, *found[name])
	}
	return list
}

// versionOf is what the istiods that answer say of themselves.
func versionOf(istiods []mesh.Istiod) string {
	var versions []string
	for _, i := range istiods {
		if i.Answers() {
			versions = append(versions, i.Version)
		}
	}
	slices.Sort(versions)
	return strings.Join(slices.Compact(versions), ", ")
}

// serviceOf names the Service that a revision needs in the root namespace: the
// one that its webhook calls; "" when that one is elsewhere.
func serviceOf(root, revision, called string) string {
	if called == "" {
		return revisioned("istiod", revision)
	}
	name, here := strings.CutPrefix(called, root+"/")
	if !here {
		return ""
	}
	return name
}

// hookName is the name of a revision's own MutatingWebhookConfiguration:
// mutatingwebhook.yaml of the istio-discovery chart @1.29.1.
func hookName(root, revision string) string {
	name := revisioned("istio-sidecar-injector", revision)
	if root != DefaultRoot {
		name += "-" + root
	}
	return name
}

func revisioned(name, revision string) string {
	if revision == unrevisioned {
		return name
	}
	return name + "-" + revision
}

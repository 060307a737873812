// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/proxy"
	"github.com/rerig/rerig/internal/mesh"
)

// plane is an istiod Deployment.
type plane struct {
	revision string
	wanted   int
	ready    int
	bundled  bool
}

// revisionsOf returns the control planes: each revision with an istiod Deployment or
// injection webhooks of its own. services are the names of the Services in the root
// namespace.
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
			r.Missing = append(r.Missing, "Deployment "+istio.Revisioned(istio.App, name))
		}
		if s := requiredService(root, name, called[name]); s != "" && !slices.Contains(services, s) {
			r.Missing = append(r.Missing, "Service "+s)
		}
		if !hooked[name] {
			r.Missing = append(r.Missing, "webhook "+istio.InjectorOf(root, name))
		}
	}
	list := make([]mesh.Revision, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, *found[name])
	}
	return list
}

// versionOf returns the versions of the istiods that answer.
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

// requiredService returns the name of the Service that a revision needs in the root
// namespace: the one that its webhook calls, "" if that is in another namespace.
func requiredService(root, revision, called string) string {
	if called == "" {
		return istio.Revisioned(istio.App, revision)
	}
	name, here := strings.CutPrefix(called, root+"/")
	if !here {
		return ""
	}
	return name
}

// webhooksOf returns the injection webhooks of a configuration with their live
// selectors: istioctl or another controller may have changed them.
func webhooksOf(c *admissionv1.MutatingWebhookConfiguration) []mesh.Webhook {
	var list []mesh.Webhook
	for _, h := range c.Webhooks {
		if !injects(h) {
			continue
		}
		list = append(list, mesh.Webhook{
			Configuration: c.Name,
			Name:          h.Name,
			Revision:      istio.RevisionOf(c.Labels),
			Tag:           c.Labels[istio.TagLabel],
			Service:       addressOf(h.ClientConfig),
			Roots:         proxy.Fingerprints(h.ClientConfig.CABundle),
			Namespaces:    client.Selector(h.NamespaceSelector),
			Objects:       client.Selector(h.ObjectSelector),
			Conditions:    len(h.MatchConditions),
		})
	}
	return list
}

// injectsFor reports whether a configuration injects sidecars of the mesh in a root
// namespace, and not of another mesh.
func injectsFor(c *admissionv1.MutatingWebhookConfiguration, root string) bool {
	return slices.ContainsFunc(webhooksOf(c), func(h mesh.Webhook) bool { return !h.OfOtherMesh(root) })
}

// injects reports whether a webhook injects sidecars.
func injects(h admissionv1.MutatingWebhook) bool {
	return strings.HasSuffix(h.Name, istio.InjectorSuffix)
}

// addressOf returns the namespace/name of the Service that a webhook calls, or its
// URL.
func addressOf(c admissionv1.WebhookClientConfig) string {
	switch {
	case c.Service != nil:
		return c.Service.Namespace + "/" + c.Service.Name
	case c.URL != nil:
		return *c.URL
	}
	return ""
}

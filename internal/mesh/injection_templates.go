// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"maps"
	"slices"
	"strings"
)

// TemplatesAnnotation is on pods that ask for injection templates by name (istio.io/api/annotation).
const TemplatesAnnotation = "inject.istio.io/templates"

// InjectorConfig is the part of an injector's configuration that says which templates pods can
// ask for: the key config of ConfigMap istio-sidecar-injector.
type InjectorConfig struct {
	Templates map[string]string   `json:"templates"`
	Aliases   map[string][]string `json:"aliases"`
	Defaults  []string            `json:"defaultTemplates"`
}

// Offered returns the templates of the configuration.
func (c InjectorConfig) Offered() InjectionTemplates {
	t := InjectionTemplates{Names: slices.Sorted(maps.Keys(c.Templates)), Defaults: c.Defaults}
	for _, alias := range slices.Sorted(maps.Keys(c.Aliases)) {
		has := func(name string) bool { _, is := c.Templates[name]; return is }
		if !slices.ContainsFunc(c.Aliases[alias], func(name string) bool { return !has(name) }) {
			t.Names = append(t.Names, alias)
		}
	}
	return t
}

// InjectionTemplates are the templates of a control plane.
type InjectionTemplates struct {
	Names    []string // that pods can ask for, aliases included; none if they are not known
	Defaults []string // of pods that ask for none
}

// BuiltInTemplates are those that every control plane has (istiod-injector-configmap.yaml of the
// chart istio-discovery @1.29.1).
func BuiltInTemplates() InjectionTemplates {
	return InjectionTemplates{
		Names: []string{"agentgateway", "gateway", "grpc-agent", "grpc-simple", "kube-gateway", "sidecar", "waypoint"},
	}
}

// TemplateRequest is a workload that asks for templates which a control plane does not have.
type TemplateRequest struct {
	Workload WorkloadRef
	Asked    string   // the annotation's value, "" for the control plane's defaults
	Missing  []string // the names that do not exist; istiod rejects the pod for one of them
}

// MissingTemplates returns the workloads of namespaces that are injected and ask for templates
// that are not among those of a control plane.
func (w World) MissingTemplates(namespaces []string, offered InjectionTemplates) []TemplateRequest {
	var list []TemplateRequest
	for _, name := range namespaces {
		ns, _ := w.Namespace(name)
		for _, wl := range w.WorkloadsIn(name) {
			asked, explicit := wl.Template.Annotations[TemplatesAnnotation]
			names := offered.Defaults
			if explicit {
				names = strings.Split(asked, ",")
			}
			var missing []string
			for _, n := range names {
				if n = strings.TrimSpace(n); !slices.Contains(offered.Names, n) {
					missing = append(missing, n)
				}
			}
			if len(missing) > 0 && len(w.Injectors(ns, wl.Template)) > 0 {
				list = append(list, TemplateRequest{Workload: wl.Ref(), Asked: asked, Missing: missing})
			}
		}
	}
	return list
}

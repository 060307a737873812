// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// ControlPlaneComparison are the checks of a new control plane beside the ones that it replaces. A
// difference that breaks traffic stops the run before anything moves; any other
// difference is a warning.
var ControlPlaneComparison = []Check{
	{
		Name:        "trust-domain",
		Description: "The new and the old control plane have the same trust domain.",
		Hint: "Set meshConfig.trustDomain of the new revision to the old revision's value. " +
			"Authorization policies reject requests from another trust domain, unless trustDomainAliases lists it.",
		Evaluate: trustDomain,
	},
	{
		Name:        "istiod-name",
		Description: "istiod's certificate is valid for the names by which the revision's proxies call it.",
		Hint: "Proxies get neither configuration nor certificates before that. Add the name: " +
			"dnsNames of cert-manager's Certificate, app.istio.revisions of istio-csr, " +
			"or ISTIOD_CUSTOM_HOST of an istiod that issues its own. Then restart istiod. " +
			"Proxies take the names from discoveryAddress in the mesh configuration and from caAddress in the values.",
		Evaluate: istiodName,
	},
	{
		Name:        "discovery-selectors",
		Description: "The new control plane discovers every namespace that moves to it.",
		Hint: "Give the new revision the discoverySelectors of the old one, or label the namespace so that they select it. " +
			"A namespace that a control plane does not discover has no endpoints there.",
		Evaluate: discoverySelectors,
	},
	{
		Name:        "injection-templates",
		Description: "The new control plane has every injection template that pods of the moved namespaces ask for.",
		Hint: "istiod rejects such pods, so they could not be created. " +
			"Give the new revision the template: sidecarInjectorWebhook.templates in its values, as the old revision has it. " +
			"Or remove the name from the annotation inject.istio.io/templates of the workload's pod template.",
		Evaluate: injectionTemplates,
	},
	{
		Name:        "root-in-namespaces",
		Description: "Every namespace that moves has the mesh's root certificate, without which no sidecar starts.",
		Hint: "istiod writes the ConfigMap istio-ca-root-cert into every namespace that it discovers. " +
			"Read its log, compare its discoverySelectors, and see what else may delete the ConfigMap.",
		Evaluate: rootInNamespaces,
	},
	{
		Name:        "crds-current",
		Description: "Istio's CRDs are those of the new version.",
		Hint: "Apply the CRDs of the new version first: `helm upgrade istio-base istio/base`, or istioctl. " +
			"The API server drops fields that an older CRD does not define.",
		Evaluate: crdsCurrent,
	},
	{
		Name:        "lost-settings",
		Description: "The new control plane loses no setting of the old one that the approved plan does not list.",
		Hint: "Give the new revision the settings of the old one. " +
			"Or run the same command again: its plan lists them, and approving it accepts the loss.",
		Evaluate: lostSettings,
	},
	{
		Name:        "same-configuration",
		Description: "The new control plane is configured like the old one.",
		Hint: "The old one was changed by hand, or the new one was installed with other values. " +
			"Apply the settings you need to the new revision, or continue if the difference is intended.",
		Evaluate: sameConfiguration,
	},
}

// maxListed is how many findings one reason lists.
const maxListed = 8

// maxInlineChange is how many characters a setting's change may have to be shown in a reason.
const maxInlineChange = 40

// oldSetups returns the setups of the control planes that the new one replaces.
func oldSetups(f Facts) []mesh.ControlPlane {
	var list []mesh.ControlPlane
	for _, name := range f.OldRevisions {
		if s, ok := f.Setups.ControlPlane(name); ok {
			list = append(list, s)
		}
	}
	return list
}

func trustDomain(f Facts) (Result, string) {
	s, exists := f.Setups.ControlPlane(f.Revision)
	var unread []string
	if exists && s.TrustDomain == "" {
		unread = append(unread, s.Revision)
	}
	for _, old := range oldSetups(f) {
		if old.TrustDomain == "" {
			unread = append(unread, old.Revision)
		}
		if s.TrustDomain != old.TrustDomain && s.TrustDomain != "" && old.TrustDomain != "" {
			return Fail, fmt.Sprintf("revision %s has the trust domain %s, revision %s has %s",
				f.Revision, s.TrustDomain, old.Revision, old.TrustDomain)
		}
	}
	if len(unread) > 0 {
		return Warn, "trust domain and discoverySelectors not compared: no mesh configuration found of revision " + strings.Join(unread, ", ")
	}
	return Pass, ""
}

// istiodName fails for a Service in istiod's namespace. Behind another name something
// else may present a certificate.
func istiodName(f Facts) (Result, string) {
	s, _ := f.Setups.ControlPlane(f.Revision)
	r, _ := f.World.Revision(f.Revision)
	result, reason := Pass, ""
	for _, i := range r.Istiods {
		for _, host := range s.Hosts {
			err := (&x509.Certificate{DNSNames: i.Names}).VerifyHostname(host)
			if len(i.Names) == 0 || err == nil {
				continue
			}
			reason = fmt.Sprintf("proxies of revision %s call %s, and the certificate of istiod %s is not valid for that name: it has %s",
				f.Revision, host, i.Pod, strings.Join(i.Names, ", "))
			if _, rest, _ := strings.Cut(host, "."); strings.HasPrefix(rest, f.World.RootNamespace+".svc") {
				return Fail, reason
			}
			result = Warn
		}
	}
	return result, reason
}

func discoverySelectors(f Facts) (Result, string) {
	s, _ := f.Setups.ControlPlane(f.Revision)
	for _, name := range slices.Sorted(maps.Keys(f.Setups.HasRootCertificate)) {
		ns, _ := f.World.Namespace(name)
		selects := func(x mesh.Selector) bool { return x.Matches(ns.Labels) }
		if len(s.Discovery) > 0 && !slices.ContainsFunc(s.Discovery, selects) {
			return Fail, fmt.Sprintf("the discoverySelectors of revision %s do not select namespace %s", f.Revision, name)
		}
	}
	return Pass, ""
}

func injectionTemplates(f Facts) (Result, string) {
	s, _ := f.Setups.ControlPlane(f.Revision)
	offered, known := s.Templates, len(s.Templates.Names) > 0
	if !known {
		offered = mesh.BuiltInTemplates()
	}
	requests := f.World.MissingTemplates(slices.Sorted(maps.Keys(f.Setups.HasRootCertificate)), offered)
	if len(requests) == 0 {
		return Pass, ""
	}
	var lines []string
	for _, r := range requests[:min(maxListed, len(requests))] {
		lines = append(lines, fmt.Sprintf("%s (%s)", r.Workload, strings.Join(r.Missing, ", ")))
	}
	workloads := strings.Join(lines, "; ")
	if more := len(requests) - len(lines); more > 0 {
		workloads += fmt.Sprintf("; and %d more", more)
	}
	if !known {
		return Warn, fmt.Sprintf("the injection templates of revision %s could not be read, and pods ask for some that are not Istio's own: %s",
			f.Revision, workloads)
	}
	return Fail, fmt.Sprintf("revision %s lacks injection templates that pods ask for: %s", f.Revision, workloads)
}

func rootInNamespaces(f Facts) (Result, string) {
	s, _ := f.Setups.ControlPlane(f.Revision)
	for _, name := range slices.Sorted(maps.Keys(f.Setups.HasRootCertificate)) {
		if !f.Setups.HasRootCertificate[name] && !s.UsesTrustBundle {
			return Wait, fmt.Sprintf("namespace %s has no ConfigMap istio-ca-root-cert", name)
		}
	}
	return Pass, ""
}

func crdsCurrent(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	version := cmp.Or(f.Version, r.Version)
	var others []string
	for _, v := range f.Setups.CRDVersions {
		if version != "" && strings.TrimPrefix(v, "v") != strings.TrimPrefix(version, "v") {
			others = append(others, v)
		}
	}
	if len(others) > 0 {
		return Warn, fmt.Sprintf("Istio's CRDs have version %s, revision %s has version %s", strings.Join(others, ", "), f.Revision, version)
	}
	return Pass, ""
}

func lostSettings(f Facts) (Result, string) {
	lost := slices.DeleteFunc(f.Setups.Lost(f.Revision, f.OldRevisions), func(s string) bool { return slices.Contains(f.AcceptedLoss, s) })
	if len(lost) == 0 {
		return Pass, ""
	}
	return Fail, fmt.Sprintf("revision %s loses settings of the revision that it replaces (%s), and the approved plan does not list them: %s",
		f.Revision, strings.Join(f.OldRevisions, ", "), firstOf(lost))
}

// firstOf joins the first findings of a list.
func firstOf(lines []string) string {
	more := ""
	if len(lines) > maxListed {
		more = fmt.Sprintf("; and %d more", len(lines)-maxListed)
	}
	return strings.Join(lines[:min(maxListed, len(lines))], "; ") + more
}

func sameConfiguration(f Facts) (Result, string) {
	s, _ := f.Setups.ControlPlane(f.Revision)
	var lines []string
	for _, old := range oldSetups(f) {
		for _, d := range s.DifferencesFrom(old) {
			lines = append(lines, fmt.Sprintf("%s %s%s", d.Group, d.Key, inlineChange(d)))
		}
	}
	if len(lines) == 0 && len(f.Setups.Unknown) > 0 {
		return Warn, "not compared, because reading is not permitted: " + strings.Join(f.Setups.Unknown, ", ")
	}
	if len(lines) == 0 {
		return Pass, ""
	}
	return Warn, fmt.Sprintf("%d settings of revision %s differ (the plan lists them): %s", len(lines), f.Revision, firstOf(lines))
}

// inlineChange returns ": OLD -> NEW" if that is short and no digest.
func inlineChange(d mesh.Difference) string {
	const unset = "(not set)"
	text := cmp.Or(d.Old, unset) + " -> " + cmp.Or(d.New, unset)
	if len(text) <= maxInlineChange && !strings.Contains(text, "sha256") {
		return ": " + text
	}
	return ""
}

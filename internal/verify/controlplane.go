// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Standing are the checks of a control plane that serves, or is to serve: what
// must hold of the one in use before anything is begun.
var Standing = []Check{
	{"revision-whole", "Every part of the revision is there: istiod's Deployment, its Service, its webhook.",
		"Install the revision completely (the same file, the same istioctl), or correct its name.", whole},
	{"istiod-ready", "As many istiods are ready as their Deployment wants, and at least one.",
		"Look at `kubectl -n istio-system get pods -l app=istiod` and at the events of what is not ready.", ready},
	{"istiod-answers", "Every istiod pod says which proxies it serves, and shows them a certificate that is in date.",
		"Look at the istiod's log; see that its port 15014 answers (ENABLE_DEBUG_ON_HTTP) and its port 15012 shows a certificate, that you may create pods/portforward there, and that this machine's clock is right.", answers},
	{"webhook-certificate", "The revision's injection webhooks carry a certificate authority, so that pods can be created.",
		"istiod writes it by itself within seconds: look at its log for \"failed to patch webhook\" and at its rights on MutatingWebhookConfigurations.", certified},
	{"trust-root", "The revision trusts the same root as the rest of the mesh.",
		"Give both revisions the same CA (secret cacerts or istio-ca-secret in the same namespace) before any workload moves: across two roots mTLS fails.", sameRoot},
}

// Admission are the checks of the control plane that workloads are moved to.
var Admission = append(slices.Clone(Standing), []Check{
	{"istiod-version", "Every istiod of the revision is of the version that the plan names.",
		"A revision name that is used again for another version is an upgrade in place: install it under a name of its own.", version},
	{"nothing-moved", "No workload runs the revision's sidecar that was not moved to it.",
		"Something else moved it (a gateway replaced by an install, a tag, another pair of hands): put it back with the control plane that it had, or go on knowingly by planning anew.", unmoved},
}...)

func whole(f Facts) (Result, string) {
	r, ok := f.World.Revision(f.Revision)
	switch {
	case !ok:
		return Fail, fmt.Sprintf("no control plane of revision %s was found", f.Revision)
	case len(r.Missing) > 0:
		return Wait, fmt.Sprintf("revision %s has no %s", f.Revision, strings.Join(r.Missing, ", no "))
	}
	return Pass, ""
}

func ready(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	if r.Wanted == 0 {
		return Wait, fmt.Sprintf("the istiod of revision %s is scaled to no replicas", f.Revision)
	}
	if r.Ready < r.Wanted {
		return Wait, fmt.Sprintf("%d of %d istiods of revision %s are ready", r.Ready, r.Wanted, f.Revision)
	}
	return Pass, fmt.Sprintf("%d of %d istiods ready", r.Ready, r.Wanted)
}

// answers takes a port that is shut for a warning where the control plane was there
// before the run: its proxies come by another then (--secureGRPCAddr="", and 15010
// without TLS), and each one's connection is proven anyway.
func answers(f Facts) (Result, string) {
	if result, reason := told(f); result != Pass {
		return result, reason
	}
	r, _ := f.World.Revision(f.Revision)
	shut := ""
	for _, i := range r.Istiods {
		if i.Shut != "" {
			shut = fmt.Sprintf("istiod %s shows proxies no certificate at port 15012: %s", i.Pod, i.Shut)
		}
		if i.Shut != "" && !f.InUse {
			return Wait, shut
		}
		if i.Stale != "" {
			return Wait, fmt.Sprintf("istiod %s shows proxies a certificate that is %s", i.Pod, i.Stale)
		}
	}
	if shut != "" {
		return Warn, shut
	}
	return Pass, ""
}

// told reports whether every istiod of the revision says which proxies it serves.
func told(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	if len(r.Istiods) == 0 {
		return Wait, fmt.Sprintf("no istiod pod of revision %s runs", f.Revision)
	}
	for _, i := range r.Istiods {
		if !i.Answers() {
			return Wait, fmt.Sprintf("istiod %s does not say which proxies it serves: %s", i.Pod, i.Silence)
		}
	}
	return Pass, ""
}

// own returns the revision's own injection webhooks, without those of its tags.
func own(f Facts) []mesh.Webhook {
	var hooks []mesh.Webhook
	for _, h := range f.World.Webhooks {
		if h.Revision == f.Revision && h.Tag == "" {
			hooks = append(hooks, h)
		}
	}
	return hooks
}

func certified(f Facts) (Result, string) {
	hooks := own(f)
	for _, h := range hooks {
		if len(h.Roots) == 0 {
			return Wait, fmt.Sprintf("webhook %s (%s) has no certificate: pods that it should inject cannot be created", h.Configuration, h.Name)
		}
	}
	if len(hooks) == 0 {
		return Wait, fmt.Sprintf("revision %s has no injection webhook", f.Revision)
	}
	return Pass, ""
}

// sameRoot compares the roots in the revision's webhooks, which its istiods
// wrote, and those that its istiods' certificates lead to, with the mesh's: all of
// them sign for one mesh, or mTLS breaks.
func sameRoot(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	if len(f.World.Roots) == 0 && r.Bundled {
		return Warn, fmt.Sprintf("not compared: proxies of revision %s have the mesh's root from a ClusterTrustBundle, which is not read", f.Revision)
	}
	if len(f.World.Roots) == 0 {
		return Wait, "the mesh's root certificate (ConfigMap istio-ca-root-cert) is not there"
	}
	for _, h := range own(f) {
		if len(h.Roots) > 0 && !slices.ContainsFunc(h.Roots, func(r string) bool { return slices.Contains(f.World.Roots, r) }) {
			return Fail, fmt.Sprintf("two trust roots: revision %s has %s (webhook %s), the mesh has %s (ConfigMap istio-ca-root-cert)",
				f.Revision, short(h.Roots), h.Configuration, short(f.World.Roots))
		}
	}
	for _, i := range r.Istiods {
		if i.Foreign != "" {
			return Fail, fmt.Sprintf("two trust roots: istiod %s shows proxies a certificate that does not lead to the mesh's, %s (ConfigMap istio-ca-root-cert): %s", i.Pod, short(f.World.Roots), i.Foreign)
		}
	}
	return Pass, "trust root " + short(f.World.Roots)
}

func short(fingerprints []string) string {
	var list []string
	for _, p := range fingerprints {
		list = append(list, p[:min(12, len(p))])
	}
	return strings.Join(list, "+")
}

// version passes over an istiod that did not answer: what is known of it then is its
// image's tag, a guess (1.31.0-distroless, a mirror's, none with a digest), and
// istiod-answers waits for it.
func version(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	for _, i := range r.Istiods {
		if i.Answers() && f.Version != "" && i.Version != f.Version {
			return Fail, fmt.Sprintf("istiod %s is of version %s, the plan names %s", i.Pod, i.Version, f.Version)
		}
	}
	return Pass, "istiod " + r.Version
}

func unmoved(f Facts) (Result, string) {
	for _, wl := range f.World.Workloads {
		was, known := f.Sidecars[wl.Key()]
		if known && !f.Moved[wl.Namespace] && !slices.Contains(strings.Split(was, "+"), f.Revision) && slices.Contains(wl.Sidecars(), f.Revision) {
			return Fail, fmt.Sprintf("%s was on %s and now runs a proxy of %s, though nobody moved it", wl.Key(), was, f.Revision)
		}
	}
	return Pass, "no proxy moved by itself"
}

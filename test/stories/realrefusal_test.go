// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// refusedByAProxy breaks the first wave as an EnvoyFilter does that only the
// newer proxies match: their Envoys refuse it, their pods never run, and the old
// ones go on serving. It leaves the mesh as it found it.
func (l *lab) refusedByAProxy(t *testing.T) {
	t.Helper()
	r, filter := l.put(t, "envoyfilters", onlyNewerProxies(object("networking.istio.io/v1alpha3", "EnvoyFilter", "shop-web", "newer-only")))
	before := l.snapshot(t, bindings())
	l.heard(t)

	reverted := l.rerig(t, moving("--to", newRevision, "--soak", "1s", "--ready-timeout", "3m", "--rollback-on-failure")...)
	reverted.exits(t, exitHeld)
	reverted.says(t, "WaveReverted", "Deployment shop-web/web", "rejected the LDS", "script load error")
	t.Logf("a proxy refused its configuration, and its wave is back: %s", short(reverted.took))
	l.heard(t).good(t, "a wave that was put back")
	l.stands(t, all(oldRevision))
	l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "a wave that was put back", before.ours().withoutStamps(t))
	if err := r.Delete(t.Context(), filter.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Errorf("delete the EnvoyFilter: %v", err)
	}
	l.rerig(t, back()...).exits(t, exitDone)
}

// onlyNewerProxies is an EnvoyFilter that asks Envoys of the new version alone
// for a script that is none.
func onlyNewerProxies(o map[string]any) map[string]any {
	connections := map[string]any{"filterChain": map[string]any{"filter": map[string]any{"name": "envoy.filters.network.http_connection_manager"}}}
	o["spec"] = map[string]any{"configPatches": []any{map[string]any{
		"applyTo": "HTTP_FILTER",
		"match":   map[string]any{"context": "SIDECAR_INBOUND", "proxy": map[string]any{"proxyVersion": `^1\.31.*`}, "listener": connections},
		"patch": map[string]any{"operation": "INSERT_BEFORE", "value": map[string]any{
			"name": "newer-only",
			"typed_config": map[string]any{"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
				"default_source_code": map[string]any{"inline_string": "this is no lua ("}}}}}}}
	return o
}

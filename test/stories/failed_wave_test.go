// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// failWave makes the first wave fail with an EnvoyFilter for proxies of the new version:
// their Envoys reject it, their pods do not start, and the old pods continue to serve.
// It restores the mesh.
func (l *lab) failWave(t *testing.T) {
	t.Helper()
	r, filter := l.apply(t, "envoyfilters", onlyNewerProxies(object("networking.istio.io/v1alpha3", "EnvoyFilter", "shop-web",
		"newer-only")))
	before := l.snapshot(t, bindingFields())
	l.readLoad(t)

	reverted := l.rerig(t, upgradeArgs("--to", newRevision, "--soak", "1s", "--ready-timeout", "3m", "--rollback-on-failure")...)
	reverted.requireExit(t, exitHeld)
	reverted.requireOutput(t, "WaveReverted", "Deployment shop-web/web", "rejected the LDS", "script load error")
	t.Logf("a proxy refused its configuration, and its wave is back: %s", short(reverted.took))
	l.readLoad(t).requireServed(t, "a wave that was rolled back")
	l.requirePlacement(t, everywhere(oldRevision))
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "a wave that was rolled back",
		before.withoutTarget().withoutRestarts(t))
	if err := r.Delete(t.Context(), filter.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Errorf("delete the EnvoyFilter: %v", err)
	}
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
}

// onlyNewerProxies returns an EnvoyFilter with an invalid script for Envoys of the new
// version.
func onlyNewerProxies(o map[string]any) map[string]any {
	manager := map[string]any{"name": "envoy.filters.network.http_connection_manager"}
	connections := map[string]any{"filterChain": map[string]any{"filter": manager}}
	o["spec"] = map[string]any{"configPatches": []any{map[string]any{
		"applyTo": "HTTP_FILTER",
		"match": map[string]any{"context": "SIDECAR_INBOUND", "proxy": map[string]any{"proxyVersion": `^1\.31.*`},
			"listener": connections},
		"patch": map[string]any{"operation": "INSERT_BEFORE", "value": map[string]any{
			"name": "newer-only",
			"typed_config": map[string]any{"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
				"default_source_code": map[string]any{"inline_string": "this is no lua ("}}}}}}}
	return o
}

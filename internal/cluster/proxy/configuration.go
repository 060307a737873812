// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/mesh"
)

const configurationLimit = 512 << 20

// resourceDump is a repeated field of Envoy's configuration dump (envoy.admin.v3), and
// how its entries are read.
type resourceDump struct {
	field string
	read  func(entry map[string]json.RawMessage) (name string, content map[string]json.RawMessage, err error)
}

// resourceDumps are read one after the other: a dump of everything has the endpoints too.
var resourceDumps = []resourceDump{
	{"dynamic_listeners", activeListener},
	{"dynamic_route_configs", within("route", "route_config")},
	{"dynamic_active_clusters", within("cluster", "cluster")},
	{"dynamic_active_secrets", kubernetesSecret},
}

// Configuration asks a pod's Envoy, at its admin port, for its active listeners, routes
// and clusters, and for the secrets that it has from Kubernetes. Listeners that drain or
// warm are left out, and so is what differs by nature: the workload's own certificate,
// times and versions; endpoints of EDS, which Envoy learns by themselves; and what 1.31 renders
// otherwise than 1.29 (seen with 1.29.1 and 1.31.0): healthy_panic_threshold on every cluster, for
// PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS, and the metadata of endpoints.
func (c *Client) Configuration(ctx context.Context, namespace, pod string) (mesh.ProxyConfig, error) {
	at := podconn.Endpoint{Namespace: namespace, Name: pod, Port: adminPort}
	defer c.pods.CloseEndpoint(at)
	config := mesh.ProxyConfig{}
	for _, d := range resourceDumps {
		err := c.pods.Get(ctx, at, "/config_dump?resource="+d.field, configurationLimit, func(r io.Reader) error { return d.addTo(config, r) })
		if err != nil {
			return nil, fmt.Errorf("ask the proxy of pod %s/%s for its configuration: %w", namespace, pod, err)
		}
	}
	return config, nil
}

// addTo adds the entries of an answer.
func (d resourceDump) addTo(config mesh.ProxyConfig, r io.Reader) error {
	var dump struct {
		Configs []map[string]json.RawMessage `json:"configs"`
	}
	if err := json.NewDecoder(r).Decode(&dump); err != nil {
		return fmt.Errorf("read %s: %w", d.field, err)
	}
	for _, entry := range dump.Configs {
		name, content, err := d.read(entry)
		if err != nil {
			return fmt.Errorf("read %s: %w", d.field, err)
		}
		if name == "" {
			continue
		}
		fields := map[string]string{}
		for key, value := range content {
			digest, err := digestOf(value)
			if err != nil {
				return fmt.Errorf("read %s %s: %w", name, key, err)
			}
			if digest != "" {
				fields[key] = digest
			}
		}
		config[name] = fields
	}
	return nil
}

// within reads entries that hold a named resource in one field.
func within(kind, field string) func(map[string]json.RawMessage) (string, map[string]json.RawMessage, error) {
	return func(entry map[string]json.RawMessage) (string, map[string]json.RawMessage, error) {
		return named(kind, entry[field])
	}
}

func named(kind string, body json.RawMessage) (string, map[string]json.RawMessage, error) {
	var content map[string]json.RawMessage
	var name string
	if err := json.Unmarshal(body, &content); err != nil {
		return "", nil, err
	}
	if err := json.Unmarshal(content["name"], &name); err != nil {
		return "", nil, fmt.Errorf("its name: %w", err)
	}
	delete(content, "@type")
	return kind + " " + name, content, nil
}

// activeListener reads a listener; none while it has no active state.
func activeListener(entry map[string]json.RawMessage) (string, map[string]json.RawMessage, error) {
	var state struct {
		Listener json.RawMessage `json:"listener"`
	}
	if len(entry["active_state"]) == 0 {
		return "", nil, nil
	}
	if err := json.Unmarshal(entry["active_state"], &state); err != nil {
		return "", nil, err
	}
	return named("listener", state.Listener)
}

// kubernetesSecretPrefix begins the names of secrets that istiod reads from Kubernetes
// (pilot/pkg/model/credentials/resource.go @1.29.1).
const kubernetesSecretPrefix = "kubernetes://"

func kubernetesSecret(entry map[string]json.RawMessage) (string, map[string]json.RawMessage, error) {
	var name string
	if err := json.Unmarshal(entry["name"], &name); err != nil || !strings.HasPrefix(name, kubernetesSecretPrefix) {
		return "", nil, err
	}
	return mesh.SecretPrefix + strings.TrimPrefix(name, kubernetesSecretPrefix), map[string]json.RawMessage{"secret": entry["secret"]}, nil
}

// digestOf returns a digest of a JSON value that does not depend on the order of keys,
// without what is left out of every ProxyConfig; "" if nothing else is in it.
func digestOf(body json.RawMessage) (string, error) {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return "", err
	}
	value = withoutKnown(value, false)
	if empty, is := value.(map[string]any); is && len(empty) == 0 {
		return "", nil
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(sorted))[:16], nil
}

// withoutKnown removes what differs between versions as a rule, at any depth. An object
// that had nothing else is removed too.
func withoutKnown(value any, inEndpoints bool) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			inner = withoutKnown(inner, inEndpoints || key == "endpoints")
			empty, is := inner.(map[string]any)
			if key == "healthy_panic_threshold" || inEndpoints && key == "metadata" || is && len(empty) == 0 {
				delete(v, key)
			} else {
				v[key] = inner
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutKnown(v[i], inEndpoints)
		}
	}
	return value
}

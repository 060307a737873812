// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Admin returns the handler of Envoy's administration port (15000), as far as a proxy without
// traffic can answer: /ready, /healthz/ready, /server_info, /certs, /config_dump with secrets and the
// names of clusters, listeners and routes, /clusters with inbound clusters only, /stats without
// connections, and /healthcheck/fail and /healthcheck/ok, which change nothing.
func (p *Proxy) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", p.serveReady)
	mux.HandleFunc("GET /healthz/ready", p.serveReady)
	mux.HandleFunc("GET /server_info", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, p.serverInfo(time.Now())) })
	mux.HandleFunc("GET /certs", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, certificateList(p.Certificate(), time.Now()))
	})
	mux.HandleFunc("GET /clusters", p.serveClusters)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "server.total_connections: 0") })
	for _, path := range []string{"POST /healthcheck/fail", "POST /healthcheck/ok"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "OK") })
	}
	mux.HandleFunc("GET /config_dump", func(w http.ResponseWriter, r *http.Request) {
		secrets := secretEntries(p.Certificate())
		switch of := r.URL.Query().Get("resource"); of {
		case "":
			writeJSON(w, jsonObject{"configs": []jsonObject{{"@type": secretsDumpType, "dynamic_active_secrets": secrets}}})
		case "dynamic_active_secrets":
			for _, s := range secrets {
				s["@type"] = secretsDumpType + ".DynamicSecret"
			}
			writeJSON(w, jsonObject{"configs": secrets})
		case "dynamic_active_clusters":
			writeJSON(w, p.namedResources(Clusters, func(x jsonObject) jsonObject { return jsonObject{"cluster": x} }))
		case "dynamic_listeners":
			writeJSON(w, p.namedResources(Listeners, func(x jsonObject) jsonObject {
				return jsonObject{"name": x["name"], "active_state": jsonObject{"listener": x}}
			}))
		case "dynamic_route_configs":
			writeJSON(w, p.namedResources(Routes, func(x jsonObject) jsonObject { return jsonObject{"route_config": x} }))
		default:
			http.Error(w, of+" not found in config dump", http.StatusNotFound)
		}
	})
	return mux
}

// namedResources returns the resources of a type as entries of a dump, with their names alone.
func (p *Proxy) namedResources(t Type, entry func(jsonObject) jsonObject) jsonObject {
	configs := []jsonObject{}
	for _, name := range p.receivedNames(t) {
		configs = append(configs, entry(jsonObject{"@type": string(t), "name": name}))
	}
	return jsonObject{"configs": configs}
}

// serveReady answers as Envoy does before and after its first configuration.
func (p *Proxy) serveReady(w http.ResponseWriter, _ *http.Request) {
	if !p.isLive() {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "PRE_INITIALIZING")
		return
	}
	fmt.Fprintln(w, "LIVE")
}

// serveClusters writes the inbound clusters as Envoy does, each with its single host and no
// traffic.
func (p *Proxy) serveClusters(w http.ResponseWriter, _ *http.Request) {
	for _, name := range p.receivedNames(Clusters) {
		if !strings.HasPrefix(name, "inbound|") {
			continue
		}
		_, port, _ := strings.Cut(name, "|")
		port, _, _ = strings.Cut(port, "|")
		for _, metric := range []string{"cx_active", "rq_active", "rq_total"} {
			fmt.Fprintf(w, "%s::127.0.0.1:%s::%s::0\n", name, port, metric)
		}
	}
}

func (p *Proxy) serverInfo(now time.Time) jsonObject {
	state := "PRE_INITIALIZING"
	if p.isLive() {
		state = "LIVE"
	}
	uptime := fmt.Sprintf("%ds", int(now.Sub(p.StartTime).Seconds()))
	return jsonObject{
		"version": "hollow/" + p.Identity.Version, "state": state, "hot_restart_version": "disabled",
		"uptime_current_epoch": uptime, "uptime_all_epochs": uptime,
		"node": jsonObject{"id": p.Identity.ID, "cluster": p.Identity.Cluster, "metadata": p.Identity.Metadata},
	}
}

type jsonObject = map[string]any

func writeJSON(w http.ResponseWriter, body jsonObject) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // the client may have disconnected
}

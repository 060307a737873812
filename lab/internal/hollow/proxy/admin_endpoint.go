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
// traffic can answer: /ready, /healthz/ready, /server_info, /certs, /config_dump with secrets only,
// /clusters with inbound clusters only, and an empty /stats.
func (p *Proxy) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", p.serveReady)
	mux.HandleFunc("GET /healthz/ready", p.serveReady)
	mux.HandleFunc("GET /server_info", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, p.serverInfo(time.Now())) })
	mux.HandleFunc("GET /certs", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, certificateList(p.Certificate(), time.Now()))
	})
	mux.HandleFunc("GET /clusters", p.serveClusters)
	mux.HandleFunc("GET /stats", func(http.ResponseWriter, *http.Request) {})
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
		default:
			http.Error(w, of+" not found in config dump", http.StatusNotFound)
		}
	})
	return mux
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
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range p.inbound {
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

// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Admin answers like the administration port of an Envoy (15000) as far as a
// proxy without traffic can: /ready, /healthz/ready, /server_info, /certs,
// /config_dump with the secrets, /clusters with the inbound ones, through which
// nothing goes, and /stats without figures.
func (p *Proxy) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", p.ready)
	mux.HandleFunc("GET /healthz/ready", p.ready)
	mux.HandleFunc("GET /server_info", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.serverInfo(time.Now())) })
	mux.HandleFunc("GET /certs", func(w http.ResponseWriter, _ *http.Request) { answer(w, certs(p.Certificate(), time.Now())) })
	mux.HandleFunc("GET /clusters", p.clusters)
	mux.HandleFunc("GET /stats", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /config_dump", func(w http.ResponseWriter, r *http.Request) {
		secrets := dynamicSecrets(p.Certificate())
		switch of := r.URL.Query().Get("resource"); of {
		case "":
			answer(w, object{"configs": []object{{"@type": secretsDump, "dynamic_active_secrets": secrets}}})
		case "dynamic_active_secrets":
			for _, s := range secrets {
				s["@type"] = secretsDump + ".DynamicSecret"
			}
			answer(w, object{"configs": secrets})
		default:
			http.Error(w, of+" not found in config dump", http.StatusNotFound)
		}
	})
	return mux
}

// ready is what Envoy says once it has had its first configuration.
func (p *Proxy) ready(w http.ResponseWriter, _ *http.Request) {
	if !p.live() {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "PRE_INITIALIZING")
		return
	}
	fmt.Fprintln(w, "LIVE")
}

// clusters writes the inbound clusters as Envoy does, each with its one host.
func (p *Proxy) clusters(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range p.inbound {
		_, port, _ := strings.Cut(name, "|")
		port, _, _ = strings.Cut(port, "|")
		for _, figure := range []string{"cx_active", "rq_active", "rq_total"} {
			fmt.Fprintf(w, "%s::127.0.0.1:%s::%s::0\n", name, port, figure)
		}
	}
}

func (p *Proxy) serverInfo(now time.Time) object {
	state := "PRE_INITIALIZING"
	if p.live() {
		state = "LIVE"
	}
	uptime := fmt.Sprintf("%ds", int(now.Sub(p.Began).Seconds()))
	return object{
		"version": "hollow/" + p.Identity.Version, "state": state, "hot_restart_version": "disabled",
		"uptime_current_epoch": uptime, "uptime_all_epochs": uptime,
		"node": object{"id": p.Identity.ID, "cluster": p.Identity.Cluster, "metadata": p.Identity.Metadata},
	}
}

type object = map[string]any

func answer(w http.ResponseWriter, body object) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // who asked has gone
}

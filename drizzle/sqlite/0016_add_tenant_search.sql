CREATE TABLE `tenant_search` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`tenant` text NOT NULL,
	`folded_key` text NOT NULL,
	`words` text NOT NULL,
	FOREIGN KEY (`tenant`) REFERENCES `tenants`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tenant_search_by_tenant` ON `tenant_search` (`tenant`);--> statement-breakpoint
CREATE INDEX `tenant_search_by_key` ON `tenant_search` (`folded_key`);--> statement-breakpoint
CREATE VIRTUAL TABLE tenant_trigrams USING fts5(words, content='tenant_search', content_rowid='id', columnsize=0, tokenize='trigram case_sensitive 1');--> statement-breakpoint
CREATE TRIGGER tenant_search_added AFTER INSERT ON tenant_search BEGIN INSERT INTO tenant_trigrams (rowid, words) VALUES (new.id, new.words); END;--> statement-breakpoint
CREATE TRIGGER tenant_search_removed AFTER DELETE ON tenant_search BEGIN INSERT INTO tenant_trigrams (tenant_trigrams, rowid, words) VALUES ('delete', old.id, old.words); END;--> statement-breakpoint
CREATE TRIGGER tenant_search_changed AFTER UPDATE ON tenant_search BEGIN INSERT INTO tenant_trigrams (tenant_trigrams, rowid, words) VALUES ('delete', old.id, old.words); INSERT INTO tenant_trigrams (rowid, words) VALUES (new.id, new.words); END;

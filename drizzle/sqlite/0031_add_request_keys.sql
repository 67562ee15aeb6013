ALTER TABLE `requests` ADD `reason` text;--> statement-breakpoint
ALTER TABLE `requests` ADD `keys` text;--> statement-breakpoint
UPDATE `requests` SET `keys` = json_extract(`act`, '$.keys'), `act` = json_remove(`act`, '$.keys') WHERE `tenant` IS NULL;
